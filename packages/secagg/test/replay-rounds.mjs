// The published transcripts, made again on the engine that runs this; for Node, Bun, Deno and pages alike.
import { decodeRoundConfig, defaultProvider } from '@fedkit/secagg';
import { runRound } from '@fedkit/secagg/testing';

const bytesOf = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

/** One line for each round of transcripts.json: whether every byte is the same, and where its primitives came from. */
export async function replayRounds({ rounds }) {
  const lines = [];
  for (const round of rounds) {
    const { same, messages } = await replay(round);
    const verdict = same ? `${messages} messages, the same bytes` : 'DIFFERENT';
    lines.push(`${round.name} (${defaultProvider().name}): ${verdict}`);
  }
  return lines;
}

/** A line on curve-edges.json: whether this engine's primitives decide as every other's. */
export async function replayEdges({ taming, edges, x25519 }) {
  const provider = defaultProvider();
  let different = 0;
  for (const { publicKey, message, signature, valid } of [...taming, ...edges]) {
    if (provider.verify(bytesOf(publicKey), bytesOf(message), bytesOf(signature)) !== valid) different++;
  }
  for (const { publicKey, secretKey, shared } of x25519) {
    const agreement = await provider.agreement(bytesOf(secretKey));
    if (hex(await agreement.agree(bytesOf(publicKey))) !== shared) different++;
  }
  const count = taming.length + edges.length + x25519.length;
  return `curve edges (${provider.name}): ${different === 0 ? `${count} decisions, the same` : `${different} DIFFERENT`}`;
}

async function replay({ name, config: encoded, clients, drop, messages, lies = [] }) {
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
  return { same: text(made).join('\n') === wanted.join('\n'), messages: wanted.length };
}

function vectorOf({ bound }, values) {
  return bound < 2 ** 31 ? Int32Array.from(values) : BigInt64Array.from(values.map(BigInt));
}
