import { createOpenAI } from "@ai-sdk/openai";
export { agent, chat, image, stream, stream_error, structured, tools } from "./ai.mjs";

export function connect(model) {
  const provider = createOpenAI({
    baseURL: process.env.TO11_GATEWAY_URL,
    apiKey: "managed-by-to11",
    headers: {
      "x-to11-authorization": `Bearer ${process.env.TO11_API_KEY}`,
      "x-to11-project-id": process.env.TO11_PROJECT_ID,
    },
  });
  const chosen = provider(model); // await generateText({ model: chosen, prompt: "Hello!" })
  return { model: chosen };
}
