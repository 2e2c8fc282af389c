// Runs the functions of one module: a line of JSON in, a line of JSON out.
import { createInterface } from "node:readline";

const waits = [];
if (process.env.TO11_NOTE_WAITS) {
  const real = globalThis.setTimeout;
  // Longer ones are limits of time, others are timers of connections and of traces: no waits between tries.
  const others = /internal\/deps\/undici|agents-core\/dist\/shims/;
  globalThis.setTimeout = (call, ms, ...more) => {
    const waiting = ms >= 100 && ms <= 301_000 && !others.test(new Error().stack.split("\n")[2]);
    if (waiting) waits.push(ms / 1000);
    return real(call, waiting ? 1 : ms, ...more);
  };
  globalThis.setTimeout[Symbol.for("nodejs.util.promisify.custom")] = (ms, value) =>
    new Promise((resolve) => globalThis.setTimeout(resolve, ms, value));
}

const module = await import(`./${process.argv[2]}.mjs`);
console.log = console.error; // Standard output is for the answers.

const header = (error, name) => {
  const headers = error.headers ?? error.responseHeaders;
  return typeof headers?.get === "function" ? headers.get(name) : headers?.[name];
};

export const thrown = (error) => {
  const last = error.lastError ?? error;
  const name = /^AI_/.test(last.name ?? "") ? last.name : last.constructor?.name;
  const status = last.status ?? last.statusCode ?? null;
  return { name, message: String(last.message ?? last), status, code: header(last, "x-to11-error-code") ?? null };
};

for await (const line of createInterface({ input: process.stdin })) {
  const { function: wanted, model, env, retries, ...asked } = JSON.parse(line);
  Object.assign(process.env, env);
  let answer;
  try {
    answer = { value: await module[wanted](module.connect(model), { model, retries, ...asked }) };
  } catch (error) {
    answer = { thrown: thrown(error) };
  }
  process.stdout.write(`${JSON.stringify({ ...answer, waits: waits.splice(0) })}\n`);
}
process.exit(0);
