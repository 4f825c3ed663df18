// A round for the vectors: run by the library, its secrets taken from the seeded streams its clients drew from.
import { encodeRoundConfig, roundConfig, roundConfigDigest } from '../../src/index.ts';
import { type DropStage, runRound, testingRng } from '../../src/testing/index.ts';
import type { MessageVector, RoundVector } from './format.ts';
import { withSeeds } from './seeds.ts';
import { readRound } from '../independent-reading.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** Runs it and writes everything down. */
export async function roundVector(
  name: string,
  options: {
    readonly graph: 'complete' | 'harary';
    readonly suite: 'aes-128-ctr' | 'chacha20';
    readonly clients: number;
    readonly degree?: number;
    readonly threshold: number;
    readonly maximumWeight: number;
    readonly mode?: 'semi-malicious';
    readonly guarantee?: 'one-sum';
    readonly minimumClients?: number;
    readonly drop: Partial<Record<DropStage, readonly string[]>>;
  },
): Promise<RoundVector> {
  const { drop, ...rest } = options;
  const seed = `vector ${name}`;
  const config = roundConfig({
    mode: 'semi-honest',
    minimumClients: 2,
    ...rest,
    vectors: { update: { length: 5, bound: 1000 }, 'zweites 第二': { length: 2, bound: 2 ** 40 } },
    corruptFraction: 0,
    dropoutFraction: 0,
    session: testingRng(`${seed}/session`).fill(new Uint8Array(16)),
    round: 42,
    modelDigest: new Uint8Array(32).fill(0xab),
  });
  const ids = Array.from({ length: options.clients }, (_, i) => `c${i}`);
  const clients = ids.map((id, i) => {
    const rng = testingRng(`${seed}/${id}`);
    const draw = () => hex(rng.fill(new Uint8Array(32)));
    const [channelSecret, maskSecret] = [draw(), draw()];
    const part = options.graph === 'harary' ? { part: draw() } : {};
    return {
      id,
      channelSecret,
      maskSecret,
      ...part,
      selfMaskSeed: '',
      weight: 1 + (i % options.maximumWeight),
      input: { update: [i, -i, 1000, -1000, 7 * i], 'zweites 第二': [2 ** 40, -(2 ** 40) + i] },
    };
  });
  const messages: MessageVector[] = [];
  const result = await runRound({
    config,
    seed,
    drop,
    inputs: Object.fromEntries(
      clients.map(({ id, input }) => [
        id,
        {
          update: Int32Array.from(input.update),
          'zweites 第二': BigInt64Array.from(input['zweites 第二'], BigInt),
        },
      ]),
    ),
    weights: options.maximumWeight === 1 ? {} : Object.fromEntries(clients.map(({ id, weight }) => [id, weight])),
    onMessage: ({ bytes, ...message }) => messages.push({ ...message, bytes: hex(bytes) }),
  });
  const vector = {
    name,
    config: hex(encodeRoundConfig(config)),
    configDigest: hex(roundConfigDigest(config)),
    transcript: '',
    clients,
    drop: drop as Record<string, readonly string[]>,
    messages,
    survivors: result.survivors,
    weight: result.weight,
    sums: Object.fromEntries(Object.entries(result.sums).map(([key, sum]) => [key, Array.from(sum)])),
  };
  const transcript = readRound(vector).transcript.toString('hex');
  return { ...vector, transcript, clients: withSeeds(vector, (id) => `${seed}/${id}`) };
}
