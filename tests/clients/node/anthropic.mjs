import Anthropic from "@anthropic-ai/sdk";
import { betaZodTool } from "@anthropic-ai/sdk/helpers/beta/zod";
import { zodOutputFormat } from "@anthropic-ai/sdk/helpers/zod";
import { City, Location, description, parameters, weather } from "./common.mjs";

export function connect(model) {
  const sdk = new Anthropic({
    baseURL: process.env.TO11_GATEWAY_URL.replace(/\/v1$/, ""),
    apiKey: "managed-by-to11",
    defaultHeaders: {
      "x-to11-authorization": `Bearer ${process.env.TO11_API_KEY}`,
      "x-to11-project-id": process.env.TO11_PROJECT_ID,
    },
  });
  return sdk;
}

const max_tokens = 99;
const tool = { name: "get_weather", description, input_schema: parameters };
const hurried = (sdk, retries) => (retries === false ? sdk.withOptions({ maxRetries: 0 }) : sdk);
const counted = (usage) => [usage.input_tokens, usage.output_tokens];
const said = async (sdk, { model, retries }, content) => {
  const messages = [{ role: "user", content }];
  const found = await hurried(sdk, retries).messages.create({ model, max_tokens, messages });
  return { text: found.content[0].text, tokens: counted(found.usage) };
};

export const chat = (sdk, asked) => said(sdk, asked, asked.text);

export async function stream(sdk, { model, text, retries }) {
  const messages = [{ role: "user", content: text }];
  const events = hurried(sdk, retries).messages.stream({ model, max_tokens, messages });
  const pieces = [];
  for await (const event of events) if (event.delta?.type === "text_delta") pieces.push(event.delta.text);
  return { pieces, tokens: counted((await events.finalMessage()).usage) };
}

export const stream_error = stream;

export async function tools(sdk, { model, texts }) {
  const calls = [];
  const answers = [];
  const messages = [];
  for (const text of texts) {
    messages.push({ role: "user", content: text });
    for (;;) {
      const found = await sdk.messages.create({ model, max_tokens, messages, tools: [tool] });
      messages.push({ role: "assistant", content: found.content });
      const used = found.content.filter((part) => part.type === "tool_use");
      if (!used.length) {
        answers.push(found.content.at(-1).text);
        break;
      }
      calls.push(...used.map(({ name, input }) => [name, input]));
      const results = used.map(({ id, input }) => ({
        type: "tool_result",
        tool_use_id: id,
        content: weather(input.location),
      }));
      messages.push({ role: "user", content: results });
    }
  }
  return { calls, texts: answers };
}

export async function structured(sdk, { model, text }) {
  const messages = [{ role: "user", content: text }];
  const output_config = { format: zodOutputFormat(City) };
  const found = await sdk.messages.parse({ model, max_tokens, messages, output_config });
  return found.parsed_output;
}

export async function agent(sdk, { model, text }) {
  const calls = [];
  const run = (given) => {
    calls.push(["get_weather", given]);
    return weather(given.location);
  };
  const found = await sdk.beta.messages.toolRunner({
    model,
    max_tokens,
    messages: [{ role: "user", content: text }],
    tools: [betaZodTool({ name: "get_weather", description, inputSchema: Location, run })],
  });
  return { calls, texts: [found.content.at(-1).text] };
}

export const image = (sdk, asked) =>
  said(sdk, asked, [
    { type: "image", source: { type: "base64", media_type: "image/png", data: asked.image } },
    { type: "text", text: asked.text },
  ]);
