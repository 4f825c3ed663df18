// Replays the published transcripts on this engine and says whether every byte is the same. After a build:
// node, npx bun or npx deno run -A, then packages/secagg/test/replay.mjs [--stripped, of native cryptography]
import { readFileSync } from 'node:fs';

if (globalThis.process.argv.includes('--stripped')) {
  // What is left where there is neither WebCrypto nor Node, as in Hermes: a random source.
  const getRandomValues = globalThis.crypto.getRandomValues.bind(globalThis.crypto);
  Object.defineProperty(globalThis, 'crypto', { value: { getRandomValues } });
  globalThis.process.getBuiltinModule = () => undefined;
  delete globalThis.WebAssembly;
}
const { decodeRoundConfig, defaultProvider } = await import('@fedkit/secagg');
const { runRound } = await import('@fedkit/secagg/testing');

const { rounds } = JSON.parse(readFileSync(new URL('./vectors/transcripts.json', import.meta.url), 'utf8'));
const bytesOf = (text) => Uint8Array.from(text.match(/../g), (pair) => Number.parseInt(pair, 16));
const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

for (const { name, config: encoded, clients, drop, messages, lies = [] } of rounds) {
  const config = decodeRoundConfig(bytesOf(encoded));
  const made = [];
  await runRound({
    config,
    drop,
    seed: `vector ${name}`,
    inputs: Object.fromEntries(
      clients.map(({ id, input }) => [
        id,
        Object.fromEntries(config.vectors.map((vector) => [vector.name, vectorOf(vector, input[vector.name])])),
      ]),
    ),
    weights: config.maximumWeight === 1 ? {} : Object.fromEntries(clients.map(({ id, weight }) => [id, weight])),
    onMessage: ({ bytes, ...message }) => made.push({ ...message, bytes: hex(bytes) }),
  });
  // Nobody lies here, so liars' answers differ and nobody is asked to open a share.
  const text = (list) =>
    list
      .filter(({ stage }) => stage !== 'openings')
      .filter(({ direction, client, stage }) => {
        return direction === 'down' || stage !== 'unmask' || lies.every(({ holder }) => holder !== client);
      })
      .map(({ direction, client, bytes }) => `${direction} ${client} ${bytes}`);
  const wanted = text(messages);
  const same = text(made).join('\n') === wanted.join('\n');
  const verdict = same ? `${wanted.length} messages, the same bytes` : 'DIFFERENT';
  globalThis.process.stdout.write(`${name} (${defaultProvider().name}): ${verdict}\n`);
  if (!same) globalThis.process.exitCode = 1;
}

function vectorOf({ bound }, values) {
  return bound < 2 ** 31 ? Int32Array.from(values) : BigInt64Array.from(values.map(BigInt));
}
