// Research group 15, and the recoveries that must fail: what the server sees does not depend on the input.
import { describe, expect, it } from 'vitest';
import { defaultProvider, plainProvider, roundConfig, roundConfigDigest } from '../src/index.ts';
import { type MaskTask, runMaskTask } from '../src/executor/mask-task.ts';
import { HEADER_BYTES, decodeMessage } from '../src/messages/header.ts';
import { decodeCohort } from '../src/messages/cohort.ts';
import { decodeMaskedInput } from '../src/messages/masked-input.ts';
import { maskParty } from '../src/messages/member.ts';
import { cohortTranscript } from '../src/transcript.ts';
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

/**
 * What is left of client a's upload, all its entries being `value`, for a server that knows a's seed and colludes with
 * others, by default b: the input under the one mask it shares with c.
 */
async function residue(value: number, seed: string, colluding: readonly string[] = ['b']): Promise<Int32Array> {
  const seen = new Map<string, Uint8Array>();
  const other = new Int32Array(LENGTH);
  await runRound({
    inputs: { a: { v: new Int32Array(LENGTH).fill(value) }, b: { v: other }, c: { v: other } },
    config,
    seed,
    onMessage: ({ client, stage, direction, bytes }: RecordedMessage) => {
      if (client === 'a') seen.set(`${stage} ${direction}`, bytes);
    },
  });
  const { body } = decodeMessage(config, seen.get('share down') as Uint8Array);
  const parties = decodeCohort(config, body).map(maskParty);
  // Channel key, mask key, the key of what was saved, seed: the draws of a client in their order.
  const draws = (id: string): Uint8Array[] => {
    const rng = testingRng(`${seed}/${id}`);
    return Array.from({ length: 4 }, () => rng.fill(new Uint8Array(32)));
  };
  const context = {
    session: config.session,
    round: config.round,
    transcript: cohortTranscript(roundConfigDigest(config), body),
  };
  const sum = new VectorSum(config.vectors);
  const upload = (seen.get('input up') as Uint8Array).subarray(HEADER_BYTES);
  sum.addPacked(0, decodeMaskedInput(config, upload, config.clients - 1).packed[0]);
  await runMaskTask(
    defaultProvider(),
    {
      layout: { suite: config.suite, vectors: config.vectors, context },
      selfMasks: [{ party: parties[0], seed: draws('a')[3] }],
      pairMasks: colluding.map((id) => ({
        party: parties['abc'.indexOf(id)],
        secretKey: draws(id)[1],
        survivors: [parties[0]],
      })),
    },
    sum,
  );
  return sum.centered(0) as Int32Array;
}

describe('a masked input with one unknown neighbour', () => {
  it('has uniform bits, whatever is under it: 10^6 samples of zeros, 10^6 of the largest entries', async () => {
    expect(config.vectors[0].bits).toBe(10);
    // With that neighbour known too, nothing hides the input.
    expect((await residue(170, 'known', ['b', 'c'])).every((word) => word === 170)).toBe(true);
    const runs = 10;
    const counts = { zero: new Float64Array(10), most: new Float64Array(10) };
    for (const [kind, value] of [
      ['zero', 0],
      ['most', 170],
    ] as const) {
      const cells = new Float64Array(1024);
      for (let run = 0; run < runs; run++) {
        const words = await residue(value, `${kind} ${run}`);
        for (const word of words) cells[word + 512]++;
        for (let bit = 0; bit < 10; bit++) {
          for (const word of words) counts[kind][bit] += (word >> bit) & 1;
        }
      }
      // The whole words. Normal approximation: mean 1023, deviation 45; beyond 1270 with probability 1e-7.
      const expected = (runs * LENGTH) / 1024;
      const chi = cells.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
      expect(chi).toBeLessThan(1270);
    }
    // Of each bit, against a half and against the other input: chi-squares of one degree of freedom, one of the thirty
    // beyond 28 with probability 4e-6.
    const samples = runs * LENGTH;
    for (let bit = 0; bit < 10; bit++) {
      const { zero, most } = counts;
      for (const count of [zero[bit], most[bit]]) {
        expect((count - samples / 2) ** 2 / (samples / 4)).toBeLessThan(28);
      }
      expect((zero[bit] - most[bit]) ** 2 / (samples / 2)).toBeLessThan(28);
    }
  });
});

describe('a masked input', () => {
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
    uploaded.addPacked(0, decodeMaskedInput(small, decodeMessage(small, late).body, small.clients - 1).packed[0]);
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
  const again = await new Round(small).until('share');
  const { body } = decodeMessage(small, again.sent.get('c0') as Uint8Array);
  return { members: decodeCohort(small, body), transcript: cohortTranscript(roundConfigDigest(small), body) };
}
