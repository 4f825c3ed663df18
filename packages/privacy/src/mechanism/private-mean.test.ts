import { fedAvg, record, seededRng } from '@fedkit/core';
import { describe, expect, it } from 'vitest';
import { insecureTestRng } from '../../test/insecure-rng.ts';
import { gaussianMechanism } from './gaussian.ts';
import { privateMean } from './private-mean.ts';

const code = (name: string) => expect.objectContaining({ code: name });
const mechanism = gaussianMechanism({
  placement: 'central',
  size: 3,
  clip: 1,
  noiseStd: 0.1,
  maxWeight: 2,
  expectedWeight: 4,
});
const make = (seed = 1) => privateMean(mechanism, insecureTestRng(seed));

function updates(count: number) {
  const rng = seededRng('updates');
  return Array.from({ length: count }, () => ({
    values: Float32Array.from({ length: 3 }, () => rng.uniform() - 0.5),
    weight: 3 * rng.uniform() + 0.1,
  }));
}

describe('privateMean', () => {
  it('keeps the laws of aggregators up to the one release', () => {
    const whole = make();
    const all = whole.create();
    for (const update of updates(6)) whole.accumulate(all, update);
    const [left, right] = [make().create(), make().create()];
    updates(6).forEach((update, i) => whole.accumulate(i < 2 ? left : right, update));
    const joined = whole.merge(whole.deserialize(whole.serialize(right)), left);
    expect(joined.sum).toEqual(all.sum);
    expect(make(7).finalize(joined)).toEqual(make(7).finalize(all));
  });

  it('retracts exactly', () => {
    const aggregator = make();
    const accumulator = aggregator.create();
    const [first, second] = updates(2);
    aggregator.accumulate(accumulator, first);
    const before = structuredClone(accumulator);
    aggregator.retract(aggregator.accumulate(accumulator, second), second);
    const odd = { values: Float32Array.of(Number.NaN, 50, 1) };
    aggregator.retract(aggregator.accumulate(accumulator, odd), odd);
    expect(accumulator).toEqual(before);
    expect(() => aggregator.retract(aggregator.create(), first)).toThrow(code('PROTOCOL_STATE'));
  });

  it('draws its noise once', () => {
    const aggregator = make();
    const accumulator = aggregator.accumulate(aggregator.create(), updates(1)[0]);
    const released = aggregator.finalize(accumulator);
    expect(aggregator.finalize(accumulator)).toEqual(released);
    expect(() => aggregator.accumulate(accumulator, updates(1)[0])).toThrow(code('PROTOCOL_STATE'));
    expect(() => aggregator.serialize(accumulator)).toThrow(code('PROTOCOL_STATE'));
    const disposed = aggregator.create();
    aggregator.dispose(disposed);
    expect(() => aggregator.finalize(disposed)).toThrow(code('PROTOCOL_STATE'));
  });

  it('is the aggregate of DP-FedAvg', () => {
    const algorithm = fedAvg({ aggregate: () => make() });
    const aggregator = algorithm.aggregator(3);
    const accumulator = aggregator.create();
    for (let client = 0; client < 4; client++)
      aggregator.accumulate(accumulator, { values: { update: Float32Array.of(0.3, 0, -0.3) }, weight: 100 });
    const { update } = aggregator.finalize(accumulator);
    // Weights count as 2 each: 8 · 0.3 / 4, noise of 0.1/4.
    expect(Math.abs(update[0] - 0.6)).toBeLessThan(0.15);
    const state = algorithm.serverStep(
      algorithm.init(new Float32Array(3)),
      { update },
      { round: 1, cohort: 4, population: 4 },
    );
    expect(algorithm.params(state)).toEqual(update);
    expect(record({ update: make() }).linearity).toBe('linear');
  });

  it('refuses damaged bytes', () => {
    const aggregator = make();
    const bytes = aggregator.serialize(aggregator.accumulate(aggregator.create(), updates(1)[0]));
    expect(() => aggregator.deserialize(bytes.subarray(1))).toThrow(code('DECODE_FAILED'));
    for (const [at, value] of [
      [0, 1],
      [4, 9],
      [12, 200],
      [20, 9],
      [24, 1],
    ]) {
      const damaged = bytes.slice();
      damaged[at] = value;
      expect(() => aggregator.deserialize(damaged)).toThrow(code('DECODE_FAILED'));
    }
  });
});
