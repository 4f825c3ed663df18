/**
 * Masks that give their input away: folded seeds, biased words, engines that disagree.
 *
 * @module
 */
import { type MaskSuite, maskKeyBytes } from '../../crypto/provider.ts';
import { type Mode, roundConfig } from '../../config/round-config.ts';
import { defaultProvider } from '../../crypto/default-provider.ts';
import { plainProvider } from '../../crypto/plain.ts';
import { hex } from '../../internal/bytes.ts';
import { type KeyContext, PURPOSE, expandKey, extractKey } from '../../key-derivation.ts';
import { HEADER_BYTES } from '../../messages/header.ts';
import { decodeMaskedInput } from '../../messages/masked-input.ts';
import { VectorSum } from '../../sum/vector-sum.ts';
import { type MakeClient, Rehearsal, rehearsalConfig } from '../rehearsal.ts';
import { runRound } from '../run-round.ts';
import { type Attack, type AttackOutcome, outcomeOf } from './attack.ts';

/**
 * Whether a generator folds its seed: exchanging two 32-bit words of the seed, or changing two words by the same bits,
 * leaves the stream as it was. Both do where words are XORed together to seed a small generator.
 *
 * @param expand - The first bytes of the stream of a 32-byte seed.
 */
export async function foldsSeed(expand: (seed: Uint8Array) => Uint8Array | Promise<Uint8Array>): Promise<boolean> {
  const seed = Uint8Array.from({ length: 32 }, (_, i) => (i * 37 + 11) & 0xff);
  const original = hex(await expand(seed.slice()));
  for (let first = 0; first < 8; first++) {
    for (let second = first + 1; second < 8; second++) {
      const swapped = seed.slice();
      swapped.copyWithin(4 * first, 4 * second, 4 * second + 4);
      swapped.set(seed.subarray(4 * first, 4 * first + 4), 4 * second);
      const shifted = seed.slice();
      shifted[4 * first] ^= 0x55;
      shifted[4 * second] ^= 0x55;
      for (const other of [swapped, shifted]) if (hex(await expand(other)) === original) return true;
    }
  }
  return false;
}

async function foldedSeeds(): Promise<AttackOutcome> {
  const context: KeyContext = { session: new Uint8Array(16), round: 0, transcript: new Uint8Array(32) };
  const party = { index: 0, id: Uint8Array.of(97), publicKey: new Uint8Array(32) };
  const vector = { name: 'v', length: 16, bits: 20 };
  let folded = false;
  for (const suite of ['aes-128-ctr', 'chacha20'] satisfies MaskSuite[]) {
    for (const provider of [plainProvider, defaultProvider()]) {
      folded ||= await foldsSeed(async (seed) => {
        const key = expandKey(
          provider,
          context,
          extractKey(provider, context, seed),
          PURPOSE.selfMask,
          [party],
          maskKeyBytes(suite),
          vector,
        );
        return (await provider.keystream(suite, key, 64))(64);
      });
    }
  }
  return outcomeOf([], { left: folded ? 'seeds are folded' : 'every word of a seed counts' });
}

const LENGTH = 20_000;

/** Bits of a masked input of zeros beside one of the largest entries; one chi-square beyond 30 with probability 10^−6. */
async function biasedMasks(mode: Mode): Promise<AttackOutcome> {
  const config = roundConfig({
    clients: 3,
    vectors: { update: { length: LENGTH, bound: 170 } },
    corruptFraction: 0,
    dropoutFraction: 0,
    graph: 'complete',
    mode,
    session: new Uint8Array(16),
  });
  let worst = 0;
  for (const value of [0, 170]) {
    const update = new Int32Array(LENGTH);
    await runRound({
      config,
      seed: `bias ${value}`,
      inputs: { c0: { update: update.map(() => value) }, c1: { update }, c2: { update } },
      onMessage: ({ client, stage, direction, bytes }) => {
        if (client !== 'c0' || stage !== 'input' || direction !== 'up') return;
        const end = bytes.length - (config.identities ? 64 : 0);
        const sum = new VectorSum(config.vectors);
        sum.addPacked(0, decodeMaskedInput(config, bytes.subarray(HEADER_BYTES, end), 2).packed[0]);
        const words = Array.from(sum.centered(0));
        for (let bit = 0; bit < config.vectors[0].bits; bit++) {
          const ones = words.reduce((count, word) => count + ((word >> bit) & 1), 0);
          worst = Math.max(worst, (ones - LENGTH / 2) ** 2 / (LENGTH / 4));
        }
      },
    });
  }
  return outcomeOf([], { left: worst < 30 ? 'bits uniform whatever is under them' : 'bits depend on the input' });
}

async function engines(mode: Mode, makeClient?: MakeClient): Promise<AttackOutcome> {
  const transcripts: string[] = [];
  const rounds: Rehearsal[] = [];
  for (const provider of [plainProvider, defaultProvider()]) {
    const round = new Rehearsal({
      config: rehearsalConfig(mode),
      change: () => ({ provider }),
      ...(makeClient === undefined ? {} : { makeClient }),
    });
    const seen: string[] = [];
    while (round.server.stage !== 'finished') {
      await round.answer();
      seen.push(...[...round.answers.values()].map(hex));
      await round.advance();
    }
    transcripts.push(seen.join());
    rounds.push(round);
  }
  return outcomeOf(rounds, { left: transcripts[0] === transcripts[1] ? 'the same bytes' : 'other bytes' });
}

/** What masks must not do. */
export const maskAttacks: readonly Attack[] = [
  { name: 'folded mask seeds', cheat: 'client', run: foldedSeeds },
  { name: 'statistics of masked inputs', cheat: 'server', run: biasedMasks },
  { name: 'engines that disagree', cheat: 'client', run: engines },
];
