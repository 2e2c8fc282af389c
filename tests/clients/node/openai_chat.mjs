import OpenAI from "openai";
import { zodResponseFormat } from "openai/helpers/zod";
import { City, description, parameters, weather } from "./common.mjs";

export function connect(model) {
  const sdk = new OpenAI({
    baseURL: process.env.TO11_GATEWAY_URL,
    apiKey: "managed-by-to11",
    defaultHeaders: {
      "x-to11-authorization": `Bearer ${process.env.TO11_API_KEY}`,
      "x-to11-project-id": process.env.TO11_PROJECT_ID,
    },
  });
  return sdk;
}

const tool = { type: "function", function: { name: "get_weather", description, parameters } };
const hurried = (sdk, retries) => (retries === false ? sdk.withOptions({ maxRetries: 0 }) : sdk);
const said = async (sdk, { model, retries }, content) => {
  const found = await hurried(sdk, retries).chat.completions.create({ model, messages: [{ role: "user", content }] });
  const tokens = [found.usage.prompt_tokens, found.usage.completion_tokens];
  return { text: found.choices[0].message.content, tokens };
};

export const chat = (sdk, asked) => said(sdk, asked, asked.text);

export async function stream(sdk, { model, text, retries }) {
  const asked = { model, stream: true, stream_options: { include_usage: true } };
  const chunks = await hurried(sdk, retries).chat.completions.create({
    ...asked,
    messages: [{ role: "user", content: text }],
  });
  const pieces = [];
  let tokens = null;
  for await (const chunk of chunks) {
    if (chunk.choices[0]?.delta.content) pieces.push(chunk.choices[0].delta.content);
    if (chunk.usage) tokens = [chunk.usage.prompt_tokens, chunk.usage.completion_tokens];
  }
  return { pieces, tokens };
}

export const stream_error = stream;

export async function tools(sdk, { model, texts }) {
  const calls = [];
  const answers = [];
  const messages = [];
  for (const text of texts) {
    messages.push({ role: "user", content: text });
    for (;;) {
      const found = await sdk.chat.completions.create({ model, messages, tools: [tool] });
      const { message } = found.choices[0];
      messages.push(message);
      if (!message.tool_calls?.length) {
        answers.push(message.content);
        break;
      }
      for (const call of message.tool_calls) {
        const given = JSON.parse(call.function.arguments);
        calls.push([call.function.name, given]);
        messages.push({ role: "tool", tool_call_id: call.id, content: weather(given.location) });
      }
    }
  }
  return { calls, texts: answers };
}

export async function structured(sdk, { model, text }) {
  const messages = [{ role: "user", content: text }];
  const found = await sdk.chat.completions.parse({ model, messages, response_format: zodResponseFormat(City, "City") });
  return found.choices[0].message.parsed;
}

export async function agent(sdk, { model, text }) {
  const calls = [];
  const run = sdk.chat.completions.runTools({
    model,
    messages: [{ role: "user", content: text }],
    tools: [
      {
        type: "function",
        function: {
          name: "get_weather",
          description,
          parameters,
          parse: JSON.parse,
          function: (given) => {
            calls.push(["get_weather", given]);
            return weather(given.location);
          },
        },
      },
    ],
  });
  return { calls, texts: [await run.finalContent()] };
}

export const image = (sdk, asked) =>
  said(sdk, asked, [
    { type: "text", text: asked.text },
    { type: "image_url", image_url: { url: `data:image/png;base64,${asked.image}` } },
  ]);
