import { seededRng } from '@fedkit/core';
import { describe, expect, it } from 'vitest';
import { contextOf, normals } from '../../test/support.ts';
import {
  applyCatchUp,
  decode,
  contraction,
  downlink,
  eden,
  errorFeedback,
  float32,
  restoreDownlink,
  restoreErrorFeedback,
  sparseLoCo,
  stc,
  topK,
  wrapped,
} from '../index.ts';

const size = 2000;
const code = (name: string) => expect.objectContaining({ code: name });
const context = contextOf('feedback');
const update = (round: number) => normals(size, seededRng(`update ${round}`));

describe('errorFeedback', () => {
  it('owes exactly what it has not sent', () => {
    for (const codec of [topK({ density: 0.05 }), stc({ density: 0.05 }), eden({ bits: 1, scale: 'min-mse' })]) {
      const feedback = errorFeedback(codec, { size });
      const sent = new Float64Array(size);
      const given = new Float64Array(size);
      for (let round = 0; round < 10; round++) {
        const pending = feedback.encode(update(round), contextOf(round));
        codec.decode(pending.bytes, contextOf(round)).forEach((value, i) => (sent[i] += value));
        update(round).forEach((value, i) => (given[i] += value));
        pending.commit();
      }
      given.forEach((value, i) => expect(Math.abs(sent[i] + feedback.residual[i] - value)).toBeLessThan(1e-4));
    }
  });

  it('sends a constant small coordinate in the end, which top-k alone never does', () => {
    const codec = topK({ density: 0.5 });
    const values = Float32Array.of(1, 0.1);
    const feedback = errorFeedback(codec, { size: 2 });
    const alone = new Float64Array(2);
    const together = new Float64Array(2);
    for (let round = 0; round < 100; round++) {
      const pending = feedback.encode(values, context);
      codec.decode(pending.bytes).forEach((value, i) => (together[i] += value));
      pending.commit();
      codec.decode(codec.encode(values, context)).forEach((value, i) => (alone[i] += value));
    }
    expect(alone[1]).toBe(0);
    expect(together[1]).toBeGreaterThan(8);
  });

  it('loses nothing where a round never counted: rolled back, or crashed and restored', () => {
    const codec = sparseLoCo({ keep: 8, chunk: 256 });
    const options = { size, decay: 0.95 };
    const steady = errorFeedback(codec, options);
    let shaken = errorFeedback(codec, options);
    for (let round = 0; round < 6; round++) {
      shaken.encode(update(round + 100), context).rollback();
      shaken.encode(update(round + 200), context);
      shaken = restoreErrorFeedback(codec, shaken.serialize(), options);
      const [a, b] = [steady, shaken].map((feedback) => feedback.encode(update(round), context));
      expect(b.bytes).toEqual(a.bytes);
      a.commit();
      b.commit();
      expect(shaken.residual).toEqual(steady.residual);
    }
    expect(steady.residual.some((value) => value !== 0)).toBe(true);
  });

  it('decays the residual before adding', () => {
    const codec = topK({ density: 0.5 });
    const feedback = errorFeedback(codec, { size: 2, decay: 0.5 });
    feedback.encode(Float32Array.of(4, 1), context).commit();
    expect(feedback.residual).toEqual(Float32Array.of(0, 1));
    feedback.encode(Float32Array.of(4, 1), context).commit();
    expect(feedback.residual).toEqual(Float32Array.of(0, 1.5));
  });

  it('is kept as plain float32, and read as earlier versions kept it', () => {
    const feedback = errorFeedback(topK({ density: 0.1 }), { size });
    feedback.encode(update(1), context).commit();
    const kept = feedback.serialize();
    expect(kept.length).toBeGreaterThanOrEqual(4 * size);
    expect(kept.length).toBeLessThan(4 * size + 16);
    const coded = float32().encode(feedback.residual, context);
    expect(coded.length).toBeLessThan(kept.length);
    for (const bytes of [kept, coded]) {
      expect(restoreErrorFeedback(topK({ density: 0.1 }), bytes, { size }).residual).toEqual(feedback.residual);
    }
  });

  it('settles each update once, one at a time', () => {
    const feedback = errorFeedback(topK({ density: 0.1 }), { size });
    const pending = feedback.encode(update(1), context);
    expect(() => feedback.encode(update(2), context)).toThrow(code('PROTOCOL_STATE'));
    pending.commit();
    expect(() => pending.commit()).toThrow(code('PROTOCOL_STATE'));
    expect(() => pending.rollback()).toThrow(code('PROTOCOL_STATE'));
  });

  it('refuses bad input and stays as it was', () => {
    const feedback = errorFeedback(topK({ density: 0.1 }), { size });
    feedback.encode(update(1), context).commit();
    const before = feedback.serialize();
    expect(() => feedback.encode(new Float32Array(3), context)).toThrow(code('SHAPE_MISMATCH'));
    expect(() => feedback.encode(update(1).fill(Number.NaN), context)).toThrow(code('OUT_OF_RANGE'));
    expect(feedback.serialize()).toEqual(before);
    feedback.encode(update(2), context).commit();
    expect(() => restoreErrorFeedback(topK({ density: 0.1 }), before, { size: 5 })).toThrow(code('DECODE_FAILED'));
    expect(() => errorFeedback(topK({ density: 0.1 }), { size, decay: 1.1 })).toThrow(code('OUT_OF_RANGE'));
  });
});

describe('downlink', () => {
  const codec = stc({ density: 0.02 });

  it('brings a client that returns to where the others are', () => {
    const server = downlink(codec, { size, history: 5 });
    const versions = [new Float32Array(size)];
    for (let round = 1; round <= 8; round++) {
      const { bytes, version, update: sent } = server.publish(update(round), contextOf(round));
      expect(version).toBe(round);
      expect(decode(bytes, contextOf(round))).toEqual(sent);
      versions.push(versions[round - 1].map((value, i) => value + sent[i]));
    }
    for (let since = 3; since <= 8; since++) {
      const model = versions[since].slice();
      expect(applyCatchUp(model, server.catchUp(since) as Uint8Array)).toBe(8);
      model.forEach((value, i) => expect(Math.abs(value - versions[8][i])).toBeLessThan(1e-5));
    }
    expect(server.catchUp(2)).toBeUndefined();
  });

  it('sends sums where those are smaller than the updates', () => {
    // The same few places every round: the sum is as sparse as each.
    const server = downlink(topK({ density: 0.01 }), { size, history: 50 });
    const spiky = new Float32Array(size).map((_, i) => (i % 100 === 0 ? 1 + i : 0));
    for (let round = 0; round < 40; round++) server.publish(spiky, context);
    const one = (server.catchUp(39) as Uint8Array).length;
    expect((server.catchUp(0) as Uint8Array).length).toBeLessThan(3 * one);
    const model = new Float32Array(size);
    applyCatchUp(model, server.catchUp(0) as Uint8Array);
    expect(model[100]).toBe(40 * 101);
  });

  it('works with codecs that need their seed, and keeps a residual', () => {
    const server = downlink(eden({ bits: 1, scale: 'min-mse' }), { size });
    const given = new Float64Array(size);
    for (let round = 0; round < 10; round++) {
      server.publish(update(round), contextOf(round));
      update(round).forEach((value, i) => (given[i] += value));
    }
    const model = new Float32Array(size);
    applyCatchUp(model, server.catchUp(0) as Uint8Array);
    const error = model.reduce((sum, value, i) => sum + (value - given[i]) ** 2, 0);
    const energy = given.reduce((sum, value) => sum + value * value, 0);
    // Ten rounds of plain one-bit errors would leave 0.36 of the energy.
    expect(error / energy).toBeLessThan(0.15);
  });

  it('refuses codecs whose messages clients could not read, and stays as it was', () => {
    expect(() => downlink({ ...codec, stage: undefined } as never, { size })).toThrow(code('INVALID_ARGUMENT'));
    const server = downlink(wrapped({ bits: 12, spread: 1 }), { size });
    expect(() => server.publish(update(1), context)).toThrow(code('DECODE_FAILED'));
    expect(server.version).toBe(0);
    const { sharedSeed, rng } = context;
    expect(server.publish(update(1), { sharedSeed, rng }).version).toBe(1);
  });

  it('survives a restart', () => {
    const options = { size, history: 5 };
    const server = downlink(codec, options);
    for (let round = 0; round < 7; round++) server.publish(update(round), context);
    const restored = restoreDownlink(codec, server.serialize(), options);
    expect(restored.version).toBe(7);
    expect(restored.catchUp(4)).toEqual(server.catchUp(4));
    expect(restored.publish(update(7), context)).toEqual(server.publish(update(7), context));
  });

  it('keeps a history of its own, whatever becomes of seeds, messages and saved bytes', () => {
    const coded = contraction(eden({ bits: 1 }));
    const twin = downlink(coded, { size });
    const server = downlink(coded, { size });
    // As Node's Buffer.
    class Viewing extends Uint8Array {
      override slice(): never {
        return this.subarray() as never;
      }
    }
    const seed = new Viewing(32);
    for (let round = 0; round < 2; round++) {
      const own = { sharedSeed: new Uint8Array(32).fill(round) };
      twin.publish(update(round), own);
      seed.fill(round);
      const { bytes } = server.publish(update(round), { sharedSeed: seed });
      bytes.fill(99);
    }
    seed.fill(99);
    expect(server.catchUp(0)).toEqual(twin.catchUp(0));
    const saved = server.serialize();
    const restored = restoreDownlink(coded, saved, { size });
    saved.fill(99);
    expect(restored.catchUp(0)).toEqual(twin.catchUp(0));
  });

  it('refuses corrupt catch-ups and leaves the model as it was', () => {
    const server = downlink(codec, { size });
    for (let round = 0; round < 3; round++) server.publish(update(round), context);
    const bytes = server.catchUp(0) as Uint8Array;
    const model = update(9);
    const rng = seededRng('corrupt');
    for (let i = 0; i < 300; i++) {
      const changed = i % 2 === 0 ? bytes.slice(0, rng.below(bytes.length)) : bytes.slice();
      if (i % 2 === 1) changed[rng.below(20)] ^= 1 + rng.below(255);
      const copy = model.slice();
      try {
        applyCatchUp(copy, changed);
      } catch (error) {
        expect(error).toMatchObject({ code: 'DECODE_FAILED' });
        expect(copy).toEqual(model);
      }
    }
    expect(() => applyCatchUp(new Float32Array(5), bytes)).toThrow(code('DECODE_FAILED'));
    expect(() => server.catchUp(4)).toThrow(code('OUT_OF_RANGE'));
    expect(() => restoreDownlink(codec, bytes, { size })).toThrow(code('DECODE_FAILED'));
  });
});
