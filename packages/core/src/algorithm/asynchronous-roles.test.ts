import { describe, expect, it } from 'vitest';
import type { Update } from '../aggregate/contract.ts';
import { quadraticTrainer } from '../conformance/quadratic-trainer.ts';
import { Layout } from '../model/layout.ts';
import { plainUpdates } from '../pipeline/plain-updates.ts';
import { seededRng } from '../random.ts';
import { simulateAsynchronously } from '../simulation/asynchronous.ts';
import type { AsynchronousAlgorithm } from './asynchronous.ts';
import { fedAsync } from './fed-async.ts';
import { fedBuff } from './fed-buff.ts';
import { withMetrics } from './with-metrics.ts';
import { withRoles } from './with-roles.ts';

const layout = Layout.of([
  { name: 'mean', shape: [2], role: 'averaged' },
  { name: 'kernel', shape: [3] },
  { name: 'variance', shape: [2], role: 'averaged', varianceOf: 'mean' },
  { name: 'steps', shape: [], role: 'largest' },
  { name: 'embedding', shape: [2], role: 'frozen' },
]);
const START = Float32Array.of(0, 0, 1, 2, 3, 1, 1, 7, 5, 6);
type Any = AsynchronousAlgorithm<Update>;
const algorithms: [string, () => Any][] = [
  ['fedBuff', () => fedBuff({ bufferSize: 2 }) as unknown as Any],
  ['fedAsync', () => fedAsync({ mixing: 0.5 }) as unknown as Any],
];
const draw = (name: string, size: number) => {
  const rng = seededRng(name);
  return Float32Array.from({ length: size }, () => rng.uniform() - 0.5);
};
/** A contribution by hand: what the optimized tensors report, and the statistics of a client of this mean and variance. */
const contribution = (slot: string, name: string, statistics: readonly number[], counter: number) => ({
  values: {
    [slot]: draw(name, 3),
    statistics: Float32Array.from(statistics),
    counters: Float32Array.of(counter),
  },
  client: name,
});

describe.each(algorithms)('withRoles around %s', (name, make) => {
  const slot = name === 'fedAsync' ? 'model' : 'update';

  it('gives the optimized tensors the bits that they have without the others', () => {
    const inner = make();
    const whole = withRoles(make(), layout);
    const states = [inner.init(Float32Array.of(1, 2, 3)), whole.init(START)] as const;
    for (const client of ['a', 'b', 'c', 'b', 'a', 'c']) {
      const tickets = [inner.checkout(states[0], client).ticket, whole.checkout(states[1], client).ticket];
      const own = contribution(slot, client, [1, 1, 1, 1], 9);
      const alone = { values: { [slot]: own.values[slot] }, client };
      const receipts = [inner.submit(states[0], tickets[0], alone), whole.submit(states[1], tickets[1], own)];
      expect(receipts[1]).toEqual(receipts[0]);
      expect(states[1].params.subarray(2, 5)).toEqual(states[0].params);
      expect(states[1].params.subarray(8)).toEqual(Float32Array.of(5, 6));
    }
    expect(states[1].version).toBe(states[0].version);
  });

  it('averages statistics, pools variances and keeps the largest, once a step', () => {
    const algorithm = withRoles(make(), layout);
    const state = algorithm.init(START);
    const submit = (client: string, statistics: readonly number[], counter: number) => {
      const { ticket } = algorithm.checkout(state, client);
      return algorithm.submit(state, ticket, contribution(slot, client, statistics, counter)).outcome;
    };
    // Clients of mean ±2 and variance 1: each reports what mean and second moment changed by.
    const outcomes = [submit('a', [2, 2, 4, 4], 9), submit('b', [-2, 2, 4, 4], 8)];
    const { params } = state;
    expect(params[7]).toBe(9);
    if (name === 'fedBuff') {
      expect(outcomes).toEqual(['buffered', 'stepped']);
      expect(params.subarray(0, 2)).toEqual(Float32Array.of(0, 2));
      // 1 + 4 around a mean of 0; around one of 2 it is 1 again.
      expect(params.subarray(5, 7)).toEqual(Float32Array.of(5, 1));
    } else {
      expect(outcomes).toEqual(['stepped', 'stepped']);
      // Half of each change, one after the other.
      expect(params.subarray(0, 2)).toEqual(Float32Array.of(0, 2));
      expect(params[5]).toBeGreaterThan(1);
    }
  });

  it('goes on from its bytes in the midst of a step', () => {
    const algorithm = withRoles(make(), layout);
    const submit = (state: ReturnType<Any['init']>, client: string) => {
      const { ticket } = algorithm.checkout(state, client);
      algorithm.submit(state, ticket, contribution(slot, client, [2, 1, 4, 3], client.length));
    };
    const state = algorithm.init(START);
    for (const client of ['a', 'bb', 'c']) submit(state, client);
    const again = algorithm.deserialize(algorithm.serialize(state, 'model'), 'model');
    expect(again.params).toEqual(state.params);
    for (const each of [state, again]) submit(each, 'dddd');
    expect(again.params).toEqual(state.params);
    expect(again.params[7]).toBe(7);
    for (const length of [0, 10, 200]) {
      expect(() => algorithm.deserialize(algorithm.serialize(state, 'model').subarray(0, length), 'model')).toThrow(
        expect.objectContaining({ code: 'DECODE_FAILED' }),
      );
    }
    expect(() => algorithm.deserialize(algorithm.serialize(state, 'other'), 'model')).toThrow(
      expect.objectContaining({ code: 'SHAPE_MISMATCH' }),
    );
  });

  it('leaves everything as it was where a contribution is refused', () => {
    const algorithm = withRoles(make(), layout);
    const state = algorithm.init(START);
    const { ticket } = algorithm.checkout(state, 'a');
    const before = algorithm.serialize(state, 'model');
    const good = contribution(slot, 'a', [1, 1, 1, 1], 9);
    for (const values of [
      { ...good.values, statistics: new Float32Array(3) },
      { ...good.values, statistics: Float32Array.of(NaN, 0, 0, 0) },
      { ...good.values, counters: undefined },
      { ...good.values, [slot]: new Float32Array(2) },
    ]) {
      expect(() => algorithm.submit(state, ticket, { ...good, values: values as never })).toThrow(
        expect.objectContaining({ name: 'FedkitError' }),
      );
      expect(algorithm.serialize(state, 'model')).toEqual(before);
    }
    expect(algorithm.submit(state, ticket, good).outcome).not.toBe('spent');
    expect(algorithm.submit(state, ticket, good).outcome).toBe('spent');
  });

  it('learns in a simulation and travels in a pipeline', async () => {
    const algorithm = withRoles(make(), layout);
    const target = Float32Array.of(0.5, -0.5, 9, 9, 9, 1, 1, 8, 0, 0);
    const { params } = await simulateAsynchronously({
      algorithm,
      initial: START,
      clients: [1, 2, 3].map(() => quadraticTrainer(target, 5)),
      concurrency: 2,
      versions: 60,
      local: { steps: 2, batchSize: 'all', learningRate: 0.2 },
      duration: () => 1,
      seed: 1,
    } as never);
    for (const value of params.subarray(2, 5)) expect(Math.abs(value - 9)).toBeLessThan(0.5);
    expect(params.subarray(8)).toEqual(START.subarray(8));
    const pipeline = plainUpdates({ algorithm, layout });
    expect(pipeline.terms.filter(([term]) => term.startsWith('slot')).map(([term]) => term)).toEqual(
      ['counters', slot, 'statistics'].sort().map((one) => `slot ${one}`),
    );
    expect(() => plainUpdates({ algorithm: make(), layout })).toThrow(/role/);
  });
});

it('takes metrics outside alone', () => {
  expect(() => withRoles(withMetrics as never, layout)).toThrow(/withRoles: algorithm/);
});
