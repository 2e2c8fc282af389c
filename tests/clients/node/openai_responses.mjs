import OpenAI from "openai";
import { zodTextFormat } from "openai/helpers/zod";
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

const tool = { type: "function", name: "get_weather", description, parameters, strict: false };
const hurried = (sdk, retries) => (retries === false ? sdk.withOptions({ maxRetries: 0 }) : sdk);
const counted = (usage) => [usage.input_tokens, usage.output_tokens];
const said = async (sdk, { model, retries }, input) => {
  const found = await hurried(sdk, retries).responses.create({ model, input });
  return { text: found.output_text, tokens: counted(found.usage) };
};

export const chat = (sdk, asked) => said(sdk, asked, asked.text);

export async function stream(sdk, { model, text, retries }) {
  const events = hurried(sdk, retries).responses.stream({ model, input: text });
  const pieces = [];
  for await (const event of events) if (event.type === "response.output_text.delta") pieces.push(event.delta);
  return { pieces, tokens: counted((await events.finalResponse()).usage) };
}

export const stream_error = stream;

export async function tools(sdk, { model, texts }) {
  const calls = [];
  const answers = [];
  const input = [];
  for (const text of texts) {
    input.push({ role: "user", content: text });
    for (;;) {
      const found = await sdk.responses.create({ model, input, tools: [tool] });
      input.push(...found.output);
      const called = found.output.filter((item) => item.type === "function_call");
      for (const { name, arguments: given, call_id } of called) {
        calls.push([name, JSON.parse(given)]);
        input.push({ type: "function_call_output", call_id, output: weather(JSON.parse(given).location) });
      }
      if (!called.length) {
        answers.push(found.output_text);
        break;
      }
    }
  }
  return { calls, texts: answers };
}

export async function structured(sdk, { model, text }) {
  const found = await sdk.responses.parse({ model, input: text, text: { format: zodTextFormat(City, "City") } });
  return found.output_parsed;
}

export const image = (sdk, asked) => {
  const picture = { type: "input_image", image_url: `data:image/png;base64,${asked.image}`, detail: "auto" };
  return said(sdk, asked, [{ role: "user", content: [{ type: "input_text", text: asked.text }, picture] }]);
};
