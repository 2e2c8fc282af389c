#!/usr/bin/env bash
# openai 7.57.0 and @anthropic-ai/sdk 1.14.0 (npm) on Node 22.23.3; takes about five and a half minutes.
# Guess: both SDKs state a timeout of 10 minutes, so an answer that comes after 320 s is simply awaited.
# What happens: Node's built-in fetch gives up on response headers after 300 s, whatever the SDK's timeout says;
# the SDK takes that for a lost connection and sends the whole request again, while the first one is still running.
# The caller sees one call that succeeds. node:http, asked in the same process, waits for the first answer.
# Why it matters: a long answer without streaming runs (and is paid) twice, and each gateway trace shows two calls.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y > /dev/null
npm install --silent --no-audit --no-fund node@22.23.3
export PATH="$dir/node_modules/node/bin:$PATH"
npm install --silent --no-audit --no-fund openai@7.57.0 @anthropic-ai/sdk@1.14.0
cat > probe.mjs <<'JS'
import assert from 'node:assert/strict';
import http from 'node:http';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';

const started = Date.now();
const seconds = () => Math.round((Date.now() - started) / 1000);
const arrivals = {};
const choice = { index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'hi' } };
const replies = {
  '/v1/chat/completions': { id: 'c', object: 'chat.completion', created: 1, model: 'm', choices: [choice] },
  '/v1/messages': { id: 'm', type: 'message', role: 'assistant', model: 'm', stop_reason: 'end_turn',
    content: [{ type: 'text', text: 'hi' }], usage: { input_tokens: 1, output_tokens: 1 } },
  '/plain': { text: 'hi' },
};
const server = http.createServer((request, response) => {
  request.resume();
  const seen = (arrivals[request.url] ??= []);
  seen.push(seconds());
  const wait = seen.length === 1 ? 320_000 : 1_000;
  setTimeout(() => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(replies[request.url]));
  }, wait);
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const origin = `http://127.0.0.1:${server.address().port}`;
const openai = new OpenAI({ apiKey: 'k', baseURL: `${origin}/v1` });
const anthropic = new Anthropic({ apiKey: 'k', baseURL: origin });
const messages = [{ role: 'user', content: 'hello' }];
const plain = () => new Promise((resolve, reject) => {
  http.get(`${origin}/plain`, (response) => response.resume().on('end', resolve)).on('error', reject);
});
const timed = async (call) => { await call; return seconds(); };
console.log(`node ${process.version}, undici ${process.versions.undici}`);
console.log(`timeouts in ms: openai ${openai.timeout}, anthropic ${anthropic.timeout}`);
assert.equal(openai.timeout, 600_000);
assert.equal(anthropic.timeout, 600_000);
const done = await Promise.all([
  timed(openai.chat.completions.create({ model: 'm', messages })),
  timed(anthropic.messages.create({ model: 'm', max_tokens: 100, messages })),
  timed(plain()),
]);
console.log('requests arrived at (s):', JSON.stringify(arrivals));
console.log('calls returned successfully at (s):', JSON.stringify(done));
for (const path of ['/v1/chat/completions', '/v1/messages']) {
  assert.equal(arrivals[path].length, 2, path);
  assert.ok(arrivals[path][1] >= 298 && arrivals[path][1] <= 315, path);
}
assert.equal(arrivals['/plain'].length, 1);
assert.ok(done[2] >= 319);
process.exit(0);
JS
node probe.mjs
