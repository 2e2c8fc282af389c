// What all providers of the AI SDK share.
import { Output, generateText, isStepCount, stepCountIs, streamText, tool } from "ai";
import { City, Location, description, weather } from "./common.mjs";

const limit = (isStepCount ?? stepCountIs)(6);
const more = ({ retries }) => (retries === false ? { maxRetries: 0 } : {});
const counted = (usage) => [usage.inputTokens, usage.outputTokens];
const said = async (model, asked, content) => {
  const found = await generateText({ model, messages: [{ role: "user", content }], ...more(asked) });
  return { text: found.text, tokens: counted(found.usage) };
};
const tooled = (calls) => {
  const execute = (given) => {
    calls.push(["get_weather", given]);
    return weather(given.location);
  };
  return { get_weather: tool({ description, inputSchema: Location, execute }) };
};

export const chat = ({ model }, asked) => said(model, asked, asked.text);

export async function stream({ model }, asked) {
  const result = streamText({ model, prompt: asked.text, onError: () => {}, ...more(asked) });
  const pieces = [];
  for await (const part of result.fullStream ?? result.stream) {
    if (part.type === "error") throw part.error;
    if (part.type === "text-delta") pieces.push(part.text);
  }
  return { pieces, tokens: counted(await result.usage) };
}

export const stream_error = stream;

export async function tools({ model }, { model: name, texts }) {
  const calls = [];
  const answers = [];
  let messages = [];
  for (const text of texts) {
    messages = [...messages, { role: "user", content: text }];
    // Where OpenAI keeps the turns, they are named by their ids; a model of another provider has to get them whole.
    const providerOptions = name.startsWith("claude") ? { openai: { store: false } } : {};
    const found = await generateText({ model, messages, tools: tooled(calls), stopWhen: limit, providerOptions });
    answers.push(found.text);
    messages.push(...(found.responseMessages ?? found.response.messages));
  }
  return { calls, texts: answers };
}

export async function structured({ model }, { text }) {
  return (await generateText({ model, prompt: text, output: Output.object({ schema: City }) })).output;
}

export async function agent({ model }, { text }) {
  const output = Output.object({ schema: City });
  return (await generateText({ model, prompt: text, tools: tooled([]), output, stopWhen: limit })).output;
}

export const image = ({ model }, asked) =>
  said(model, asked, [
    { type: "text", text: asked.text },
    { type: "file", data: asked.image, mediaType: "image/png" },
  ]);
