// Research group 15, and the recoveries that must fail: what the server sees does not depend on the input.
import { describe, expect, it } from 'vitest';
import { plainProvider, roundConfig } from '../src/index.ts';
import { type MaskTask, runMaskTask } from '../src/executor/mask-task.ts';
import { HEADER_BYTES, decodeMessage } from '../src/messages/header.ts';
import { decodeMaskedInput } from '../src/messages/masked-input.ts';
import { VectorSum } from '../src/sum/vector-sum.ts';
import { type RecordedMessage, runRound, testingRng } from '../src/testing/index.ts';
import { Round, configOf } from './harness.ts';

const LENGTH = 100_000;
const base = { corruptFraction: 0, dropoutFraction: 0, mode: 'semi-honest', graph: 'complete', threshold: 2 } as const;
// Ten bits: the widest input is half the ring.
const config = roundConfig({
  ...base,
  clients: 3,
  vectors: { v: { length: LENGTH, bound: 170 } },
  session: new Uint8Array(16),
});

/** The words the server receives from client a when all its entries are `value`. */
async function upload(value: number, seed: string): Promise<Int32Array> {
  let seen: Uint8Array | undefined;
  const other = new Int32Array(LENGTH);
  await runRound({
    inputs: { a: { v: new Int32Array(LENGTH).fill(value) }, b: { v: other }, c: { v: other } },
    config,
    seed,
    onMessage: ({ client, stage, direction, bytes }: RecordedMessage) => {
      if (client === 'a' && stage === 'input' && direction === 'up') seen = bytes;
    },
  });
  const sum = new VectorSum(config.vectors);
  sum.addPacked(0, decodeMaskedInput(config, (seen as Uint8Array).subarray(HEADER_BYTES))[0]);
  return sum.centered(0) as Int32Array;
}

describe('a masked input', () => {
  it('has uniform bits, whatever is under it', async () => {
    expect(config.vectors[0].bits).toBe(10);
    let worst = 0;
    for (let run = 0; run < 5; run++) {
      const zero = await upload(0, `zero ${run}`);
      const most = await upload(170, `most ${run}`);
      for (let bit = 0; bit < 10; bit++) {
        const ones = (words: Int32Array) => words.reduce((sum, word) => sum + ((word >> bit) & 1), 0);
        for (const count of [ones(zero), ones(most)]) worst = Math.max(worst, (count - LENGTH / 2) ** 2 / (LENGTH / 4));
      }
      // The whole words, over 1024 cells: 10^6 samples in all runs together.
      for (const words of [zero, most]) {
        const cells = new Float64Array(1024);
        for (const word of words) cells[word + 512]++;
        const expected = LENGTH / 1024;
        const chi = cells.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
        // Normal approximation: mean 1023, deviation 45; beyond 1270 with probability 1e-7 a run.
        expect(chi).toBeLessThan(1270);
      }
    }
    // 100 chi-squares of one degree of freedom: one beyond 32 with probability 1.6e-6.
    expect(worst).toBeLessThan(32);
  });

  it('of the same keys in another round has nothing in common', async () => {
    const run = async (round: number) => {
      let seen = new Uint8Array(0);
      await runRound({
        inputs: Object.fromEntries(['a', 'b', 'c'].map((id) => [id, { v: new Int32Array(LENGTH) }])),
        config: { ...config, round },
        seed: 'the same keys',
        onMessage: ({ client, stage, direction, bytes }) => {
          if (client === 'a' && stage === 'input' && direction === 'up') seen = bytes.slice(HEADER_BYTES);
        },
      });
      return seen;
    };
    const [first, second] = [await run(0), await run(1)];
    const same = first.filter((byte, i) => byte === second[i]).length;
    // One byte in 256 agrees by chance: 488 of 125,000, deviation 22.
    expect(Math.abs(same - first.length / 256)).toBeLessThan(150);
  });
});

describe('a late masked input', () => {
  it('stays hidden under its self mask from a server that has rebuilt the mask key', async () => {
    const small = configOf({ clients: 4, threshold: 3, minimumClients: 3 });
    const round = await new Round(small).until('input');
    const late = (await round.answer()).get('c3') as Uint8Array;
    await round.deliver(['c3']);
    round.sent = new Map(await round.server.advance());
    await round.until('finished', ['c3']);
    // The server rebuilt c3's mask key, as it may. The tests' seed gives the same key: its second draw.
    const rng = testingRng('client c3');
    rng.fill(new Uint8Array(32));
    const secretKey = rng.fill(new Uint8Array(32));
    const { members, transcript } = await membersOf(small);
    const party = (i: number) => ({ index: i, id: members[i].id, publicKey: members[i].maskKey });
    const context = { session: small.session, round: 0, transcript };
    const layout = { suite: small.suite, vectors: small.vectors, context };
    const uploaded = new VectorSum(small.vectors);
    uploaded.addPacked(0, decodeMaskedInput(small, decodeMessage(small, late).body)[0]);
    // Tasks take masks out of the survivors' inputs; c3's own upload holds the same masks with the opposite sign.
    const expand = async (masks: Pick<MaskTask, 'selfMasks' | 'pairMasks'>): Promise<number[]> => {
      const sum = new VectorSum(small.vectors);
      await runMaskTask(plainProvider, { layout, ...masks }, sum);
      return Array.from(sum.centered(0));
    };
    const pairs = await expand({
      selfMasks: [],
      pairMasks: [{ party: party(3), secretKey, survivors: [0, 1, 2].map(party) }],
    });
    const modulus = 2 ** small.vectors[0].bits;
    const residues = (values: readonly number[]) => values.map((value) => ((value % modulus) + modulus) % modulus);
    const wanted = residues(Array.from(Round.input('c3').update));
    const recovered = Array.from(uploaded.centered(0), (value, i) => value - pairs[i]);
    expect(residues(recovered)).not.toEqual(wanted);
    // The recovery itself is right: with the seed, which no survivor releases a share of, it would have succeeded.
    rng.fill(new Uint8Array(32));
    const seed = rng.fill(new Uint8Array(32));
    const own = await expand({ selfMasks: [{ party: party(3), seed }], pairMasks: [] });
    expect(residues(recovered.map((value, i) => value + own[i]))).toEqual(wanted);
  });
});

async function membersOf(small: ReturnType<typeof configOf>) {
  const { decodeCohort } = await import('../src/messages/cohort.ts');
  const { cohortTranscript } = await import('../src/transcript.ts');
  const { roundConfigDigest } = await import('../src/index.ts');
  const again = await new Round(small).until('share');
  const { body } = decodeMessage(small, again.sent.get('c0') as Uint8Array);
  return { members: decodeCohort(small, body), transcript: cohortTranscript(roundConfigDigest(small), body) };
}
