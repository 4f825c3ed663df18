import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import file from '../../test/vectors/algorithms.json' with { type: 'json' };
import { local, quadratic } from '../../test/quadratic.ts';
import { isFedkitError } from '../errors.ts';
import { seededRng } from '../random.ts';
import { serverSgd } from '../server/sgd.ts';
import type { AsynchronousAlgorithm, AsynchronousState } from './asynchronous.ts';
import { fedAsync } from './fed-async.ts';
import { fedBuff } from './fed-buff.ts';
import { stalenessWeight } from './staleness.ts';

const f32 = (...values: number[]): Float32Array => Float32Array.from(values);
const update = (...values: number[]) => ({ values: { update: f32(...values) } });
const model = 'ab'.repeat(32);

function code(run: () => unknown): unknown {
  try {
    run();
    return 'no error';
  } catch (error) {
    return isFedkitError(error) ? error.code : error;
  }
}

describe('staleness', () => {
  it('weighs as in the papers', () => {
    const root = stalenessWeight({ kind: 'polynomial', exponent: 0.5 });
    expect([0, 1, 3, 8].map(root)).toEqual([1, 1 / Math.sqrt(2), 0.5, 1 / 3]);
    // Not 1/(1 + √τ), which is 1/2 at τ = 1.
    expect(root(1)).toBeCloseTo(0.7071, 4);
    expect(stalenessWeight({ kind: 'polynomial', exponent: 2 })(3)).toBe(1 / 16);
    expect(stalenessWeight({ kind: 'constant' })(1000)).toBe(1);
    const hinge = stalenessWeight({ kind: 'hinge', slope: 10, grace: 4 });
    expect([0, 4, 5, 14].map(hinge)).toEqual([1, 1, 1 / 11, 1 / 101]);
  });

  it('refuses τ below zero, and constants out of range', () => {
    const constant = stalenessWeight({ kind: 'constant' });
    for (const tau of [-1, 0.5, NaN]) expect(code(() => constant(tau))).toBe('OUT_OF_RANGE');
    expect(code(() => stalenessWeight({ kind: 'polynomial', exponent: -1 }))).toBe('OUT_OF_RANGE');
    expect(code(() => stalenessWeight({ kind: 'hinge', slope: 0, grace: 1 }))).toBe('OUT_OF_RANGE');
    expect(code(() => stalenessWeight({ kind: 'linear' } as unknown as { kind: 'constant' }))).toBe('INVALID_ARGUMENT');
  });
});

describe('vectors', () => {
  it('of FLSim: FedBuff with K = 1 adds w·(a − x₀), FedAsync mixes (1 − w)·b + w·a', () => {
    expect(file.vectors.filter(({ id }) => id.startsWith('flsim/')).map(({ expected }) => expected)).toEqual([
      'server = b + w*(a-1)',
      'server = (1-w)*b + w*a',
    ]);
    const [a, b, w] = [0.25, 3, 1 / Math.sqrt(2)];
    const buff = fedBuff({ bufferSize: 1 });
    const state = buff.init(f32(1));
    const late = buff.checkout(state, 'late');
    buff.submit(state, buff.checkout(state, 'early').ticket, update(b - 1));
    expect(state.params[0]).toBe(b);
    buff.submit(state, late.ticket, update(a - 1));
    expect(state.params[0]).toBeCloseTo(b + w * (a - 1), 6);

    const instant = fedAsync({ mixing: 1 });
    const other = instant.init(f32(1));
    const slow = instant.checkout(other, 'late');
    instant.submit(other, instant.checkout(other, 'early').ticket, { values: { model: f32(b) } });
    expect(other.params[0]).toBe(b);
    instant.submit(other, slow.ticket, { values: { model: f32(a) } });
    expect(other.params[0]).toBeCloseTo((1 - w) * b + w * a, 6);
  });

  it('of disco: contributions count up to the round cut-off', () => {
    const found = file.vectors.find(({ id }) => id === 'disco/mean-round-cutoff');
    const expected = Object.values(found?.expected as Record<string, number[]>).flat();
    const algorithm = fedBuff({ bufferSize: 100, maximumStaleness: 1, staleness: { kind: 'constant' } });
    const state = algorithm.init(f32(0));
    const results: number[] = [];
    const flush = () => {
      const before = state.params[0];
      algorithm.flush(state);
      results.push(state.params[0] - before);
    };
    const c3Early = algorithm.checkout(state, 'c3').ticket;
    const c2Early = algorithm.checkout(state, 'c2').ticket;
    algorithm.submit(state, algorithm.checkout(state, 'c1').ticket, update(1));
    flush();
    algorithm.submit(state, algorithm.checkout(state, 'c1').ticket, update(1));
    algorithm.submit(state, c2Early, update(2));
    const c4Late = algorithm.checkout(state, 'c4').ticket;
    flush();
    algorithm.submit(state, algorithm.checkout(state, 'c1').ticket, update(1));
    algorithm.submit(state, algorithm.checkout(state, 'c2').ticket, update(1));
    expect(algorithm.submit(state, c3Early, update(9))).toEqual({ outcome: 'stale', staleness: 2 });
    expect(algorithm.submit(state, c4Late, update(4))).toEqual({ outcome: 'buffered', staleness: 1 });
    flush();
    expect(results).toEqual(expected);
  });
});

describe('FedBuff', () => {
  it('steps with the K-th contribution, by the mean of s(τ)·Δ', () => {
    const algorithm = fedBuff({ bufferSize: 2, server: serverSgd({ learningRate: 0.5 }) });
    const state = algorithm.init(f32(1, 1));
    const tickets = ['a', 'b', 'c', 'd'].map((client) => algorithm.checkout(state, client).ticket);
    expect(algorithm.submit(state, tickets[0], update(2, 0))).toEqual({ outcome: 'buffered', staleness: 0 });
    expect([state.version, state.buffered, ...state.params]).toEqual([0, 1, 1, 1]);
    expect(algorithm.submit(state, tickets[1], update(0, 4))).toEqual({ outcome: 'stepped', staleness: 0 });
    expect([state.version, state.buffered, ...state.params]).toEqual([1, 0, 1.5, 2]);
    algorithm.submit(state, tickets[2], update(1, 1));
    algorithm.submit(state, tickets[3], update(1, 1));
    expect(state.params[0]).toBeCloseTo(1.5 + 0.5 / Math.sqrt(2), 6);
  });

  it('gives the same bytes whatever the order within a buffer', () => {
    const values = fc.array(fc.float32Array({ minLength: 3, maxLength: 3, noNaN: true, min: -9, max: 9 }), {
      minLength: 4,
      maxLength: 4,
    });
    fc.assert(
      fc.property(values, fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 }), (list, order) => {
        const run = (indices: readonly number[]) => {
          const algorithm = fedBuff({ bufferSize: 4 });
          const state = algorithm.init(f32(0, 0, 0));
          for (const i of indices) {
            const { ticket } = algorithm.checkout(state, `c${i}`);
            algorithm.submit(state, ticket, { values: { update: list[i] } });
          }
          expect(state.version).toBe(1);
          return state.params;
        };
        expect(run(order)).toEqual(run([0, 1, 2, 3]));
      }),
      { numRuns: 50 },
    );
  });
});

// Both algorithms report one vector; what it is called is all that differs here.
const both = [
  { name: 'fedBuff', algorithm: fedBuff({ bufferSize: 3, maximumStaleness: 5 }), report: update },
  {
    name: 'fedAsync',
    algorithm: fedAsync({ maximumStaleness: 5 }),
    report: (...values: number[]) => ({ values: { model: f32(...values) } }),
  },
] as unknown as {
  name: string;
  algorithm: AsynchronousAlgorithm<{ update: Float32Array }>;
  report: typeof update;
}[];

describe.each(both)('$name', ({ algorithm, report }) => {
  const bytes = (state: AsynchronousState) => algorithm.serialize(state, model);

  it('counts a contribution once though it arrives twice', () => {
    const state = algorithm.init(f32(0));
    const { ticket } = algorithm.checkout(state, 'a');
    expect(algorithm.submit(state, ticket, report(1)).outcome).not.toBe('spent');
    const before = bytes(state);
    for (let i = 0; i < 3; i++) expect(algorithm.submit(state, ticket, report(1))).toEqual({ outcome: 'spent' });
    expect(bytes(state)).toEqual(before);
  });

  it('waits for no client that left, asked anew, or is slow', () => {
    const state = algorithm.init(f32(0));
    const slow = algorithm.checkout(state, 'slow').ticket;
    const gone = algorithm.checkout(state, 'gone').ticket;
    const lost = algorithm.checkout(state, 'again').ticket;
    algorithm.leave(state, 'gone');
    algorithm.leave(state, 'never here');
    const again = algorithm.checkout(state, 'again').ticket;
    expect(state.working).toEqual(['slow', 'again']);
    for (let i = 0; i < 30; i++) algorithm.submit(state, algorithm.checkout(state, `fast ${i % 2}`).ticket, report(1));
    expect(state.version).toBeGreaterThanOrEqual(10);
    const before = bytes(state);
    for (const ticket of [gone, lost]) expect(algorithm.submit(state, ticket, report(1))).toEqual({ outcome: 'spent' });
    expect(bytes(state)).toEqual(before);
    expect(algorithm.submit(state, slow, report(1))).toEqual({ outcome: 'stale', staleness: state.version });
    expect(algorithm.submit(state, again, report(1)).outcome).toBe('stale');
    expect(state.working).toEqual([]);
  });

  it('goes on after any event as if it had never been stored', () => {
    const run = (seed: number, store: boolean) => {
      const rng = seededRng(seed);
      const tickets: number[] = [];
      let state = algorithm.init(f32(1, -2));
      for (let event = 0; event < 60; event++) {
        if (store && rng.fork('store', event).below(3) === 0) {
          const restored = algorithm.deserialize(bytes(state), model);
          expect(bytes(restored)).toEqual(bytes(state));
          algorithm.dispose(state);
          state = restored;
        }
        const client = `client ${rng.below(5)}`;
        const choice = rng.below(8);
        if (choice === 0) algorithm.leave(state, client);
        else if (choice === 1) algorithm.flush(state);
        else if (choice < 5 || tickets.length === 0) tickets.push(algorithm.checkout(state, client).ticket);
        else algorithm.submit(state, tickets[rng.below(tickets.length)], report(rng.below(9) - 4, rng.below(9) - 4));
      }
      return bytes(state);
    };
    for (let seed = 0; seed < 20; seed++) expect(run(seed, true)).toEqual(run(seed, false));
  });

  it('reaches the clients’ optimum, some of them ten times slower than others', async () => {
    const trainers = [2, 4, 6, 8].map((b) => quadratic(1, [b]));
    const state = algorithm.init(f32(50));
    const options = local({ steps: 1, learningRate: 0.2 });
    const rng = seededRng(7);
    const begin = (client: number, now: number) => ({
      client,
      due: now + (client + 1) * (1 + rng.uniform()),
      ...algorithm.checkout(state, `${client}`),
    });
    const work = trainers.map((_, client) => begin(client, 0));
    for (let event = 0; event < 600; event++) {
      work.sort((a, b) => a.due - b.due);
      const { client, ticket, broadcast, due } = work[0];
      const { contribution } = await algorithm.clientRound({ broadcast, trainer: trainers[client], options });
      algorithm.submit(state, ticket, contribution);
      work[0] = begin(client, due);
    }
    // Fast clients report more often and weigh more: the rest is between their optima, near the fast ones'.
    expect(state.params[0]).toBeGreaterThan(2);
    expect(state.params[0]).toBeLessThan(5);
  });

  it('refuses bad input and stays as it was', () => {
    const state = algorithm.init(f32(0));
    const { ticket } = algorithm.checkout(state, 'a');
    const before = bytes(state);
    const refusals: [string, () => unknown][] = [
      ['INVALID_ARGUMENT', () => algorithm.submit(state, ticket + 1, report(1))],
      ['OUT_OF_RANGE', () => algorithm.submit(state, -1, report(1))],
      ['INVALID_ARGUMENT', () => algorithm.submit(state, ticket, { ...report(1), client: 'b' })],
      ['SHAPE_MISMATCH', () => algorithm.submit(state, ticket, report(1, 2))],
      ['OUT_OF_RANGE', () => algorithm.submit(state, ticket, report(NaN))],
      ['INVALID_ARGUMENT', () => algorithm.submit(state, ticket, {} as ReturnType<typeof report>)],
      ['INVALID_ARGUMENT', () => algorithm.submit({ ...state } as AsynchronousState, ticket, report(1))],
      ['OUT_OF_RANGE', () => algorithm.init(f32(Infinity))],
      ['SHAPE_MISMATCH', () => algorithm.deserialize(before, 'cd'.repeat(32))],
    ];
    for (const [want, run] of refusals)
      expect(`${run.toString()}: ${String(code(run))}`).toBe(`${run.toString()}: ${want}`);
    expect(bytes(state)).toEqual(before);
    expect(algorithm.submit(state, ticket, report(1)).outcome).not.toBe('spent');
  });

  it('refuses damaged states by a FedkitError', () => {
    const state = algorithm.init(f32(1, 2));
    algorithm.checkout(state, 'a');
    const good = bytes(state);
    for (let length = 0; length < good.length; length += 3) {
      expect(code(() => algorithm.deserialize(good.subarray(0, length), model))).toBe('DECODE_FAILED');
    }
    fc.assert(
      fc.property(fc.nat({ max: good.length - 1 }), fc.integer({ min: 1, max: 255 }), (place, flip) => {
        const damaged = good.slice();
        damaged[place] ^= flip;
        expect(['no error', 'DECODE_FAILED', 'SHAPE_MISMATCH']).toContain(
          code(() => algorithm.deserialize(damaged, model)),
        );
      }),
      { numRuns: 300 },
    );
    const future = new TextDecoder('latin1').decode(good).replace('\\"version\\":\\"0\\"}', '\\"version\\":\\"1\\"}');
    const forged = Uint8Array.from(future, (character) => character.charCodeAt(0));
    expect(forged).not.toEqual(good);
    expect(code(() => algorithm.deserialize(forged, model))).toBe('DECODE_FAILED');
  });
});
