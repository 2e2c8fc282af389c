// The AI SDK as an agent: two turns with its defaults, and an object at the end of a loop of tools.
import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI } from "@ai-sdk/openai";
import { Output, generateText, stepCountIs, tool } from "ai";
import { z } from "zod";

const { baseURL, headers, model: name, api, store, withObject } = JSON.parse(process.argv[2]);
const given = { baseURL, headers, apiKey: "managed-by-to11" };
const openai = createOpenAI(given);
const model = { chat: openai.chat, responses: openai, messages: createAnthropic(given) }[api](name);

const getWeather = tool({
  description: "The weather in a city",
  inputSchema: z.object({ city: z.string() }),
  execute: async ({ city }) => `sunny in ${city}`,
});
const providerOptions = store === false ? { openai: { store } } : undefined;
const shared = { model, tools: { getWeather }, stopWhen: stepCountIs(9), maxOutputTokens: 999, providerOptions };

const question = { role: "user", content: 'What is the weather? {"city": "Paris"}' };
const first = await generateText({ ...shared, messages: [question] });
const history = [question, ...first.response.messages, { role: "user", content: "Thank you!" }];
const second = await generateText({ ...shared, messages: history });
const done = tool({ description: "Takes the answer", inputSchema: z.object({ answer: z.string() }) });
const forced = { ...shared, tools: { getWeather, done }, toolChoice: "required" };
const loop = await generateText({ ...forced, messages: [{ role: "user", content: "Hello!" }] });
const found = { first: first.text, steps: first.steps.length, second: second.text };
found.forced = loop.steps.flatMap((step) => step.toolCalls.map((call) => call.toolName));
if (withObject) {
  const output = Output.object({ schema: z.object({ city: z.string(), population: z.number() }) });
  const last = await generateText({ ...shared, messages: [question], output });
  found.object = last.output;
}
console.log(JSON.stringify(found));
