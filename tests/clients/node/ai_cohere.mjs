import { createCohere } from "@ai-sdk/cohere";
import { rerank } from "ai";

export function connect(model) {
  const provider = createCohere({
    baseURL: process.env.TO11_GATEWAY_URL,
    apiKey: "managed-by-to11",
    headers: {
      "x-to11-authorization": `Bearer ${process.env.TO11_API_KEY}`,
      "x-to11-project-id": process.env.TO11_PROJECT_ID,
    },
  });
  const chosen = provider.reranking(model); // await rerank({ model: chosen, query: "Hello!", documents })
  return { model: chosen };
}

export async function chat({ model }, { text, retries }) {
  const more = retries === false ? { maxRetries: 0 } : {};
  const found = await rerank({ model, query: text, documents: ["goodbye", "hello"], ...more });
  const text_ = found.ranking.map(({ originalIndex, score }) => `${originalIndex}:${score}`).join(" ");
  return { text: text_, tokens: null };
}
