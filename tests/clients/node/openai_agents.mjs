import { Agent, OpenAIProvider, Runner, setTracingDisabled } from "@openai/agents";
import { tool } from "@openai/agents";
import OpenAI from "openai";
import { City, Location, description, weather } from "./common.mjs";

export function connect(model) {
  const openAIClient = new OpenAI({
    baseURL: process.env.TO11_GATEWAY_URL,
    apiKey: "managed-by-to11",
    defaultHeaders: {
      "x-to11-authorization": `Bearer ${process.env.TO11_API_KEY}`,
      "x-to11-project-id": process.env.TO11_PROJECT_ID,
    },
  });
  setTracingDisabled(true);
  const runner = new Runner({ modelProvider: new OpenAIProvider({ openAIClient }) });
  const agent = new Agent({ name: "Assistant", model }); // await runner.run(agent, "Hello!")
  return { runner, agent, openAIClient };
}

const hurry = (sdk, retries) => {
  if (retries === false) sdk.openAIClient.maxRetries = 0;
};
const counted = (result) => {
  const { usage } = result.state;
  return [usage.inputTokens, usage.outputTokens];
};
const said = async (sdk, { retries }, input) => {
  hurry(sdk, retries);
  const found = await sdk.runner.run(sdk.agent, input);
  return { text: found.finalOutput, tokens: counted(found) };
};
const withTool = (sdk, calls, more) => {
  const execute = (given) => {
    calls.push(["get_weather", given]);
    return weather(given.location);
  };
  return sdk.agent.clone({ tools: [tool({ name: "get_weather", description, parameters: Location, execute })], ...more });
};

export const chat = (sdk, asked) => said(sdk, asked, asked.text);

export async function stream(sdk, { text, retries }) {
  hurry(sdk, retries);
  const result = await sdk.runner.run(sdk.agent, text, { stream: true });
  const pieces = [];
  for await (const piece of result.toTextStream()) pieces.push(piece);
  await result.completed;
  return { pieces, tokens: counted(result) };
}

export const stream_error = stream;

export async function tools(sdk, { texts }) {
  const calls = [];
  const answers = [];
  const agent = withTool(sdk, calls);
  let history = [];
  for (const text of texts) {
    const found = await sdk.runner.run(agent, [...history, { role: "user", content: text }]);
    answers.push(found.finalOutput);
    history = found.history;
  }
  return { calls, texts: answers };
}

export async function structured(sdk, { text }) {
  return (await sdk.runner.run(sdk.agent.clone({ outputType: City }), text)).finalOutput;
}

export async function agent(sdk, { text }) {
  return (await sdk.runner.run(withTool(sdk, [], { outputType: City }), text)).finalOutput;
}

export const image = (sdk, asked) => {
  const picture = { type: "input_image", image: `data:image/png;base64,${asked.image}` };
  return said(sdk, asked, [{ role: "user", content: [{ type: "input_text", text: asked.text }, picture] }]);
};
