// Research groups 10 and 12: what the sum holds at its bounds, and which inputs are refused.
import { seededRng } from '@fedkit/core';
import type { LinearCodec } from '@fedkit/core/codec';
import { describe, expect, it } from 'vitest';
import { SecAggClient, codecVector, roundConfig } from '../src/index.ts';
import { HEADER_BYTES } from '../src/messages/header.ts';
import { runRound } from '../src/testing/index.ts';
import { Round, clientOptions, configOf } from './harness.ts';

const base = { corruptFraction: 0, dropoutFraction: 0, mode: 'semi-honest' } as const;

describe('sums at the bound', () => {
  it.each([
    ['2 bits and up', 1],
    ['31 bits', 2 ** 29 - 1],
    ['32 bits', 2 ** 29],
    ['33 bits', 2 ** 30],
    ['50 bits', 2 ** 47],
    ['52 bits', 2 ** 49],
  ])('of %s are exact at both ends', async (_, bound) => {
    const vectors = { v: { length: 4, bound } };
    const b = BigInt(bound);
    const input = { v: BigInt64Array.of(b, -b, b - 1n, 0n) };
    const { sums } = await runRound({
      inputs: { a: input, b: input, c: input },
      config: { ...base, vectors },
      seed: 1,
    });
    expect(Array.from(sums.v)).toEqual([3 * bound, -3 * bound, 3 * (bound - 1), 0]);
  });

  it('refuse to be configured where they could leave 52 bits', () => {
    const config = () => roundConfig({ ...base, clients: 5, vectors: { v: { length: 1, bound: 2 ** 49 } } });
    expect(config).toThrow(expect.objectContaining({ code: 'OVERFLOW' }));
  });

  it('refuse a ring one bit short, unless wrapping is allowed by name', () => {
    const options = (bits: number, more = {}) =>
      roundConfig({ ...base, clients: 1000, vectors: { v: { length: 10, bound: 2 ** 20, bits, ...more } } });
    expect(options(31).vectors[0].bits).toBe(31);
    expect(() => options(30)).toThrow(/ring of 31 bits or an explicit wrapProbability/);
    expect(options(20, { wrapProbability: 1e-6 }).vectors[0].bits).toBe(20);
    const sized = { length: 10, bound: 2 ** 20, wrapProbability: 1e-6, deviation: 1000 };
    expect(roundConfig({ ...base, clients: 1000, vectors: { v: sized } }).vectors[0].bits).toBe(19);
    const refusal = expect.objectContaining({ code: 'INVALID_ARGUMENT' });
    expect(() => options(20, { deviation: 1000 })).toThrow(refusal);
    expect(() => options(20, { wrapProbability: 1e-6, deviation: 1000 })).toThrow(refusal);
    const { deviation: _, ...neither } = sized;
    expect(() => roundConfig({ ...base, clients: 1000, vectors: { v: neither } })).toThrow(refusal);
  });

  it('are weighted in the same ring, with the weights summed', async () => {
    const { sums, weight } = await runRound({
      inputs: { a: { v: Int32Array.of(10, -10) }, b: { v: Int32Array.of(-3, 10) } },
      weights: { a: 1000, b: 7 },
      config: { ...base, vectors: { v: { length: 2, bound: 10 } }, maximumWeight: 1000 },
      seed: 1,
    });
    expect(Array.from(sums.v)).toEqual([10_000 - 21, -10_000 + 70]);
    expect(weight).toBe(1007);
  });

  it('hold several vectors of different widths at once', async () => {
    const rng = seededRng(3);
    const ids = ['a', 'b', 'c', 'd'];
    const inputs = Object.fromEntries(
      ids.map((id) => [
        id,
        {
          narrow: Int32Array.from({ length: 40_000 }, () => rng.below(3) - 1),
          wide: BigInt64Array.from({ length: 20_000 }, () => BigInt(rng.below(2 ** 31)) * 2n ** 17n),
          'ö 名': Int32Array.of(-(2 ** 31), 2 ** 31 - 1),
        },
      ]),
    );
    const vectors = {
      narrow: { length: 40_000, bound: 1 },
      wide: { length: 20_000, bound: 2 ** 48 },
      'ö 名': { length: 2, bound: 2 ** 31 },
    };
    const { sums } = await runRound({ inputs, config: { ...base, vectors }, drop: {}, seed: 2 });
    for (const name of ['narrow', 'wide', 'ö 名'] as const) {
      const wanted = Array.from({ length: inputs.a[name].length }, (_, i) =>
        ids.reduce((sum, id) => sum + Number(inputs[id][name][i]), 0),
      );
      expect(Array.from(sums[name])).toEqual(wanted);
    }
  });
});

describe('an input', () => {
  const config = configOf({
    clients: 3,
    threshold: 2,
    vectors: { a: { length: 2, bound: 5 }, b: { length: 1, bound: 1 } },
  });
  const good = { a: Int32Array.of(5, -5), b: Int32Array.of(1) };
  it.each<[string, unknown, string]>([
    ['missing a vector', { a: good.a }, 'SHAPE_MISMATCH'],
    ['with one vector too many', { ...good, c: good.b }, 'SHAPE_MISMATCH'],
    ['under an inherited name', Object.assign(Object.create({ b: good.b }), { a: good.a }), 'SHAPE_MISMATCH'],
    ['too long', { ...good, a: Int32Array.of(1, 2, 3) }, 'SHAPE_MISMATCH'],
    ['too short', { ...good, a: Int32Array.of(1) }, 'SHAPE_MISMATCH'],
    ['beyond its bound', { ...good, a: Int32Array.of(6, 0) }, 'OUT_OF_RANGE'],
    ['below its bound', { ...good, a: Int32Array.of(0, -6) }, 'OUT_OF_RANGE'],
    ['beyond its bound in 64 bits', { ...good, b: BigInt64Array.of(2n) }, 'OUT_OF_RANGE'],
    ['of floats', { ...good, a: Float32Array.of(1, Number.NaN) }, 'INVALID_ARGUMENT'],
    ['of doubles', { ...good, a: Float64Array.of(1, 2) }, 'INVALID_ARGUMENT'],
    ['of an array', { ...good, a: [1, 2] }, 'INVALID_ARGUMENT'],
    ['that is nothing', null, 'INVALID_ARGUMENT'],
  ])('%s is refused, and a good one taken after it', (_, vectors, code) => {
    const client = new SecAggClient(clientOptions(config, 'c0'));
    expect(() => client.setInput(vectors as typeof good)).toThrow(expect.objectContaining({ code }));
    client.setInput(good);
    expect(() => client.setInput(good)).toThrow(expect.objectContaining({ code: 'PROTOCOL_STATE' }));
  });

  it.each([0, 2, 1.5, Number.NaN])('of weight %s in an unweighted round is refused', (weight) => {
    const client = new SecAggClient(clientOptions(config, 'c0'));
    expect(() => client.setInput(good, { weight })).toThrow(expect.objectContaining({ code: 'OUT_OF_RANGE' }));
  });

  it('is copied', async () => {
    const round = await new Round(configOf({ clients: 3, threshold: 2 })).until('input');
    const mine = Int32Array.of(1, 1, 1);
    round.client('c0').setInput({ update: mine });
    mine.fill(100);
    for (const id of ['c1', 'c2']) round.client(id).setInput({ update: Int32Array.of(0, 0, 0) });
    for (const [id, bytes] of round.sent) {
      await round.server.receive(id, (await round.client(id).receive(bytes)) as Uint8Array);
    }
    round.sent = new Map(await round.server.advance());
    await round.until('finished');
    expect(round.server.result().sums.update).toEqual(Int32Array.of(1, 1, 1));
  });

  it('is asked for before it can be masked, and the message can come again', async () => {
    const round = await new Round(configOf({ clients: 3, threshold: 2 })).until('input');
    const shares = round.sent.get('c0') as Uint8Array;
    await expect(round.client('c0').receive(shares)).rejects.toThrow(/setInput/);
    await round.until('finished');
    expect(round.server.result().sums.update).toEqual(Round.sum(round.ids));
  });
});

describe('a malicious client', () => {
  it('adds at most one ring vector of its choice, and counts as itself', async () => {
    const round = await new Round(configOf({ clients: 4, threshold: 3 })).until('input');
    await round.answer();
    const bytes = (round.answers.get('c2') as Uint8Array).slice();
    // Twelve bits an entry: another first entry, the rest as it was.
    bytes[HEADER_BYTES] ^= 0xff;
    round.answers.set('c2', bytes);
    await round.deliver();
    round.sent = new Map(await round.server.advance());
    await round.until('finished');
    const { sums, survivors } = round.server.result();
    expect(survivors).toEqual(round.ids);
    expect(sums.update[0]).not.toBe(Round.sum(round.ids)[0]);
    expect(Array.from(sums.update.slice(1))).toEqual(Array.from(Round.sum(round.ids).slice(1)));
  });

  it('cannot send another length, or bits that are not there', async () => {
    const round = await new Round(configOf({ clients: 4, threshold: 3 })).until('input');
    await round.answer();
    const good = round.answers.get('c2') as Uint8Array;
    const refusal = expect.objectContaining({ code: 'DECODE_FAILED' });
    await expect(round.server.receive('c2', good.subarray(0, good.length - 1))).rejects.toThrow(refusal);
    await expect(round.server.receive('c2', Uint8Array.from([...good, 0]))).rejects.toThrow(refusal);
    const touched = good.slice();
    touched[touched.length - 1] |= 0xf0;
    await expect(round.server.receive('c2', touched)).rejects.toThrow(refusal);
    await round.until('finished');
    expect(round.server.result().sums.update).toEqual(Round.sum(round.ids));
  });

  it('that deals inconsistent shares makes the round end by name, never in a wrong sum', async () => {
    const round = await new Round(configOf({ clients: 5, threshold: 3 })).until('unmask');
    await round.answer();
    // Two of five, of which one could be corrected: their shares of c0's seed, changed within the field.
    for (const id of ['c1', 'c2']) {
      const bytes = (round.answers.get(id) as Uint8Array).slice();
      bytes[HEADER_BYTES + 32 + 4 + 1] ^= 1;
      round.answers.set(id, bytes);
    }
    await round.deliver();
    await expect(round.server.advance()).rejects.toThrow(
      expect.objectContaining({ code: 'AUTHENTICATION_FAILED', details: { client: 'c0', shares: 5, correctable: 1 } }),
    );
    expect(round.server.stage).toBe('unmask');
  });
});

describe('a linear codec', () => {
  // Fixed point with 8 fractional bits: the simplest codec that sums.
  const codec: LinearCodec = {
    kind: 'fixed',
    linearity: 'linear',
    unbiased: false,
    bits: 20,
    bound: 2048,
    encode: () => new Uint8Array(0),
    decode: () => new Float32Array(0),
    visit: () => undefined,
    encodeIntegers: (values) => Int32Array.from(values, (value) => Math.round(value * 256)),
    decodeSum: (sum) => Float32Array.from(sum, (value) => value / 256),
  };
  const context = { sharedSeed: new Uint8Array(32) };

  it('plugs in with its own ring', async () => {
    const inputs = Object.fromEntries(
      ['a', 'b', 'c'].map((id, i) => [id, { u: codec.encodeIntegers(Float32Array.of(i, -i / 2, 7.5), context) }]),
    );
    const result = await runRound({
      inputs,
      config: { ...base, vectors: { u: codecVector(codec, { length: 3 }) } },
      seed: 4,
    });
    const { survivors, sums } = result;
    expect(result.config.vectors[0].bits).toBe(20);
    expect(codec.decodeSum(sums.u, { contributors: survivors.length, context })).toEqual(
      Float32Array.of(3, -1.5, 22.5),
    );
  });

  it('whose clients wrap by design sums in its own ring, where that is allowed by name', async () => {
    // Ring of 8 bits; single values anywhere in it, their sum known to stay small.
    const vectors = { u: codecVector({ bits: 8, bound: 128 }, { length: 2, wrapProbability: 1e-9 }) };
    const inputs = {
      a: { u: Int32Array.of(127, -128) },
      b: { u: Int32Array.of(127, -128) },
      c: { u: Int32Array.of(-250 & 0x7f, 5) },
    };
    const { sums } = await runRound({ inputs, config: { ...base, vectors }, seed: 5 });
    expect(Array.from(sums.u)).toEqual([127 + 127 + 6 - 256, 5]);
  });

  it('whose ring is too small for the cohort is refused', () => {
    expect(() => roundConfig({ ...base, clients: 300, vectors: { u: codecVector(codec, { length: 3 }) } })).toThrow(
      expect.objectContaining({ code: 'OVERFLOW' }),
    );
  });
});
