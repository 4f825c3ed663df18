// The suites hold for what is right, and every law finds something that is wrong.
import { describe, expect, it } from 'vitest';
import { contributionOf } from '../../test/robust-setup.ts';
import type { Aggregator, Contribution } from '../aggregate/contract.ts';
import { weightedMean } from '../aggregate/mean.ts';
import { record } from '../aggregate/record.ts';
import type { LinearAccumulator } from '../aggregate/linear-fold.ts';
import { coordinateMedian } from '../aggregate/robust/coordinate-median.ts';
import type { RobustAggregator } from '../aggregate/robust/rule.ts';
import type { UpdateList } from '../aggregate/robust/update-list.ts';
import type { Algorithm } from '../algorithm/contract.ts';
import type { LinearCodec } from '../codec/contract.ts';
import { FedkitError } from '../errors.ts';
import type { NoState } from '../plain-data.ts';
import type { ServerOptimizer } from '../server/contract.ts';
import { type AccountantLike, accountantLaws } from './accountant.ts';
import { aggregatorLaws } from './aggregator.ts';
import { algorithmLaws } from './algorithm.ts';
import { codecLaws } from './codec.ts';
import { brokenLaws, checkLaws, type Law } from './law.ts';
import { robustAggregatorLaws } from './robust-aggregator.ts';
import { serverOptimizerLaws } from './server-optimizer.ts';

const SIZE = 11;

async function names(laws: readonly Law[]): Promise<string[]> {
  return (await brokenLaws(laws)).map(({ name }) => name);
}

describe('aggregator laws', () => {
  type Mean = Aggregator<LinearAccumulator, Float32Array>;
  const right: Mean = weightedMean(SIZE as number);
  const lawsOf = (aggregator: Mean) => aggregatorLaws({ aggregator, contribution: contributionOf(SIZE) });
  checkLaws(it, lawsOf(right));
  const two = record({ update: weightedMean(SIZE), loss: weightedMean(1) });
  checkLaws(
    (name, run) => it(`records: ${name}`, run),
    aggregatorLaws({
      aggregator: two as unknown as Aggregator<unknown, unknown, { update: Float32Array; loss: number }>,
      contribution(index) {
        const { values, ...rest } = contributionOf(SIZE)(index);
        return { ...rest, values: { update: values, loss: index / 3 } };
      },
    }),
  );

  // Delegates to what is right, apart from one mistake.
  const wrong = (mistake: Partial<Mean>): Mean => ({
    kind: right.kind,
    linearity: right.linearity,
    memory: right.memory,
    create: (context) => right.create(context),
    accumulate: (a, c) => right.accumulate(a, c),
    retract: (a, c) => right.retract(a, c),
    checkMerge: (into, from) => right.checkMerge(into, from),
    merge: (into, from) => right.merge(into, from),
    finalize: (a) => right.finalize(a),
    serialize: (a) => right.serialize(a),
    deserialize: (bytes) => right.deserialize(bytes),
    dispose: (a) => right.dispose(a),
    ...mistake,
  });

  /** A mean of float32 in order of arrival, as most systems have it. */
  interface Naive {
    sum: Float32Array;
    weight: number;
  }
  const naive: Aggregator<Naive, Float32Array> = {
    kind: 'naive',
    linearity: 'linear',
    memory: 'O(d)',
    create: () => ({ sum: new Float32Array(SIZE), weight: 0 }),
    accumulate(a, { values, weight = 1 }) {
      values.forEach((value, c) => (a.sum[c] += weight * value));
      a.weight += weight;
      return a;
    },
    retract(a, { values, weight = 1 }) {
      values.forEach((value, c) => (a.sum[c] -= weight * value));
      a.weight -= weight;
      return a;
    },
    checkMerge() {},
    merge(into, from) {
      from.sum.forEach((value, c) => (into.sum[c] += value));
      into.weight += from.weight;
      return into;
    },
    finalize: ({ sum, weight }) => sum.map((value) => value / weight),
    serialize: ({ sum, weight }) => new Uint8Array(Float32Array.of(...sum, weight).buffer),
    deserialize(bytes) {
      const all = new Float32Array(bytes.slice().buffer);
      return { sum: all.slice(0, SIZE), weight: all[SIZE] };
    },
    dispose() {},
  };

  it('find a mean that depends on order, retracts inexactly and checks nothing', async () => {
    const broken = await names(aggregatorLaws({ aggregator: naive, contribution: contributionOf(SIZE) }));
    expect(broken).toEqual(
      expect.arrayContaining([
        'the order of accumulation changes no bit',
        'any split joined by merge, through any tree, changes no bit',
        'checkMerge refuses what merge refuses, and does nothing else',
        'retract takes the latest contribution out again, exactly',
        'a contribution that is refused leaves the accumulator as it was',
        'too few contributions have no aggregate',
        'bytes that were cut, extended or are of something else are refused',
        'a disposed accumulator is refused, and disposing twice is harmless',
      ]),
    );
  });

  const mistakes: [string, Partial<Mean>, string][] = [
    [
      'merge that empties its source',
      {
        merge(into, from) {
          right.merge(into, from);
          right.dispose(from);
          return into;
        },
      },
      'merge leaves its second argument as it was, and usable',
    ],
    [
      'merge that ignores its source',
      { merge: (into) => into },
      'any split joined by merge, through any tree, changes no bit',
    ],
    [
      'accumulate that scribbles on values',
      {
        accumulate(a, c) {
          right.accumulate(a, c);
          (c.values as Float32Array)[0] = 5;
          return a;
        },
      },
      'accumulate neither changes nor keeps the values',
    ],
    ['finalize that returns the same array', sharedResult(), 'finalize repeats, and the accumulator can go on'],
    [
      'create that hands out one accumulator',
      (() => {
        let held: LinearAccumulator | undefined;
        return { create: () => (held ??= right.create()) };
      })(),
      'accumulators share nothing',
    ],
    [
      'deserialize that forgets',
      { deserialize: () => right.create() },
      'serialization between any two calls changes no bit',
    ],
    [
      'deserialize that crashes',
      {
        deserialize(bytes) {
          try {
            return right.deserialize(bytes);
          } catch {
            throw new RangeError('offset is out of bounds');
          }
        },
      },
      'damaged bytes are refused or give a working accumulator',
    ],
    [
      'deserialize that reads later',
      (() => {
        const held = new Map<string, Uint8Array>();
        return {
          deserialize(bytes: Uint8Array) {
            held.set('bytes', bytes);
            return right.deserialize(bytes);
          },
          finalize(a: LinearAccumulator) {
            const bytes = held.get('bytes');
            return bytes === undefined ? right.finalize(a) : right.finalize(right.deserialize(bytes));
          },
        };
      })(),
      'deserialize keeps no hold on the bytes',
    ],
  ];
  it.each(mistakes)('find a %s', async (_name, mistake, law) => {
    expect(await names(lawsOf(wrong(mistake)))).toContain(law);
  });

  function sharedResult(): Partial<Mean> {
    const results = new WeakMap<LinearAccumulator, Float32Array>();
    return {
      finalize(a) {
        const result = results.get(a) ?? right.finalize(a);
        results.set(a, result);
        return result;
      },
    };
  }
});

describe('robust aggregator laws', () => {
  const right = coordinateMedian(SIZE);
  const lawsOf = (aggregator: RobustAggregator) =>
    robustAggregatorLaws({
      aggregator,
      contribution: contributionOf(SIZE),
      byzantine: 3,
      ensureBound(result) {
        if (result.some((value) => Math.abs(value) > 1e6)) throw new Error('expected a result near the honest ones');
      },
    });
  const wrong = (mistake: Partial<RobustAggregator>): RobustAggregator => ({ ...right, ...mistake });

  it('find a rule that lets 1e30 through', async () => {
    const largest: RobustAggregator = wrong({
      finalize(list: UpdateList) {
        const entries = list.entries('test').filter(({ values }) => values !== undefined);
        return (entries[0].values as Float32Array).slice();
      },
    });
    expect(await names(lawsOf(largest))).toContain('updates of 1e30 move the result no further than the stated bound');
  });

  it('find a rule that throws at NaN, and one that forgets whom it excluded', async () => {
    const law = 'non-finite updates are set aside and named';
    const strict = wrong({
      accumulate(list: UpdateList, contribution: Contribution) {
        if (!contribution.values.every(Number.isFinite)) throw new FedkitError('OUT_OF_RANGE', 'test: finite values');
        return right.accumulate(list, contribution);
      },
    });
    expect(await names(lawsOf(strict))).toContain(law);
    expect(await names(lawsOf(wrong({ excluded: () => [] })))).toContain(law);
  });

  it('find a rule that lets a client report twice', async () => {
    let count = 0;
    const lax = wrong({
      accumulate: (list: UpdateList, contribution: Contribution) =>
        right.accumulate(list, { ...contribution, client: `${contribution.client} ${count++}` }),
    });
    expect(await names(lawsOf(lax))).toContain(
      'a contribution without a client, and a second one of a client, are refused',
    );
  });
});

describe('server optimizer laws', () => {
  type State = { readonly momentum: Float32Array };
  const check = (params: Float32Array, delta: Float32Array, state: State): void => {
    if (params.length !== state.momentum.length || delta.length !== params.length) {
      throw new FedkitError('SHAPE_MISMATCH', 'step: expected one length');
    }
    if (!delta.every(Number.isFinite)) throw new FedkitError('OUT_OF_RANGE', 'step: expected finite values');
  };
  const right: ServerOptimizer<State> = {
    kind: 'momentum',
    init: (size) => ({ momentum: new Float32Array(size) }),
    step(state, params, delta) {
      check(params, delta, state);
      const momentum = state.momentum.map((value, c) => 0.9 * value + delta[c]);
      return { state: { momentum }, params: params.map((value, c) => value + 0.1 * momentum[c]) };
    },
  };
  checkLaws(it, serverOptimizerLaws({ optimizer: right }));

  let hidden = 0;
  const mistakes: [string, Partial<ServerOptimizer<State>>, string][] = [
    [
      'step in place',
      {
        step(state, params, delta) {
          check(params, delta, state);
          delta.forEach((value, c) => (params[c] += value));
          return { state, params };
        },
      },
      'a step changes none of its arguments',
    ],
    [
      'step that returns its argument',
      {
        step(state, params, delta) {
          check(params, delta, state);
          return { state: { momentum: delta }, params: params.map((value, c) => value + delta[c]) };
        },
      },
      'a step returns memory of its own',
    ],
    [
      'hidden state',
      {
        step: (state, params, delta) =>
          right.step(
            state,
            params,
            delta.map((value) => value / (1 + hidden++)),
          ),
      },
      'the same steps give the same bits',
    ],
    [
      'step uphill',
      {
        step: (state, params, delta) =>
          right.step(
            state,
            params,
            delta.map((value) => -value),
          ),
      },
      'the first step goes where delta points, and nowhere without one',
    ],
    [
      'step that couples coordinates',
      {
        step(state, params, delta) {
          const turned = delta.map((value, c) => value + 0.5 * Math.abs(delta[(c + 1) % delta.length]));
          return right.step(state, params, turned);
        },
      },
      'coordinates are stepped alike, each by itself',
    ],
    [
      'step that takes anything',
      {
        step: (state, params, delta) => ({ state, params: params.map((value, c) => value + (delta[c] || 0)) }),
      },
      'other lengths and non-finite deltas are refused, and nothing is changed',
    ],
  ];
  it.each(mistakes)('find a %s', async (_name, mistake, law) => {
    expect(await names(serverOptimizerLaws({ optimizer: { ...right, ...mistake } }))).toContain(law);
  });
});

describe('algorithm laws', () => {
  type Params = { readonly params: Float32Array };
  type Averaging = Algorithm<Params, Params, NoState, { update: Float32Array }, { update: Float32Array }>;
  const finite = (values: Float32Array): void => {
    if (!values.every(Number.isFinite)) throw new FedkitError('OUT_OF_RANGE', 'test: expected finite values');
  };
  const right: Averaging = {
    kind: 'averaging',
    init(params) {
      finite(params);
      return { params: params.slice() };
    },
    params: ({ params }) => params,
    broadcast: ({ params }) => ({ params }),
    async clientRound({ broadcast, trainer, options }) {
      const { values, ...local } = await trainer.train(broadcast.params, {}, options);
      return { contribution: { values: { update: values }, weight: local.examples }, state: {}, local };
    },
    aggregator: (size) => record({ update: weightedMean(size) }) as unknown as ReturnType<Averaging['aggregator']>,
    serverStep({ params }, { update }) {
      if (update.length !== params.length) throw new FedkitError('SHAPE_MISMATCH', 'test: expected one length');
      finite(update);
      return { params: params.map((value, c) => value + update[c]) };
    },
  };
  checkLaws(it, algorithmLaws({ algorithm: right }));

  const mistakes: [string, Partial<Averaging>, string][] = [
    [
      'init that keeps its argument',
      { init: (params) => ({ params }) },
      'starts at the parameters it is given, and refuses non-finite ones',
    ],
    [
      'server step in place',
      {
        serverStep(state, { update }) {
          update.forEach((value, c) => (state.params[c] += value));
          return state;
        },
      },
      'serverStep changes nothing it is given',
    ],
    [
      'client that trains the broadcast',
      {
        async clientRound(round) {
          const report = await right.clientRound(round);
          round.broadcast.params[0] += 1;
          return report;
        },
      },
      'broadcast and clientRound change nothing they are given',
    ],
    [
      'client that ignores its signal',
      {
        clientRound: ({ options, ...round }) => {
          const { signal: _signal, ...rest } = options;
          return right.clientRound({ ...round, options: rest });
        },
      },
      'what a trainer throws comes through, and leaves the states as they were',
    ],
    ['server that does nothing', { serverStep: (state) => state }, 'rounds change the model, and keep its size'],
    [
      'server that checks nothing',
      { serverStep: ({ params }, { update }) => ({ params: params.map((value, c) => value + update[c]) }) },
      'aggregates of another size and non-finite ones are refused, and the state holds',
    ],
  ];
  it.each(mistakes)('find a %s', async (_name, mistake, law) => {
    expect(await names(algorithmLaws({ algorithm: { ...right, ...mistake } }))).toContain(law);
  });
});

describe('codec laws', () => {
  // Stochastic rounding to multiples of 1/64 within ±16, as 32-bit integers behind their number.
  const refuse = (message: string): never => {
    throw new FedkitError('DECODE_FAILED', message);
  };
  const round = (values: Float32Array, uniform: () => number): Int32Array => {
    if (!(values instanceof Float32Array)) throw new FedkitError('INVALID_ARGUMENT', 'test: expected a vector');
    if (!values.every(Number.isFinite)) throw new FedkitError('OUT_OF_RANGE', 'test: expected finite values');
    return Int32Array.from(values, (value) => Math.floor(Math.max(-1024, Math.min(1023, value * 64)) + uniform()));
  };
  const right: LinearCodec = {
    kind: 'grid',
    linearity: 'linear',
    unbiased: true,
    bits: 24,
    bound: 1024,
    encode(values, context) {
      const integers = round(values, () => context.rng?.uniform() ?? 0.5);
      return new Uint8Array(Int32Array.of(integers.length, ...integers).buffer);
    },
    decode(bytes, { expectedSize } = {}) {
      if (bytes.length % 4 !== 0 || bytes.length < 4) refuse('test: expected whole integers');
      const [length, ...integers] = new Int32Array(bytes.slice().buffer);
      if (length !== integers.length) refuse('test: expected as many as said');
      if (expectedSize !== undefined && expectedSize !== length) refuse('test: expected another size');
      return Float32Array.from(integers, (integer) => integer / 64);
    },
    visit(bytes, sink, context) {
      const values = right.decode(bytes, context);
      sink.dense(0, values);
    },
    encodeIntegers: (values, context) => round(values, () => context.rng?.uniform() ?? 0.5),
    decodeSum: (sum) =>
      Float32Array.from(sum, (value) => {
        const residue = ((value % 2 ** 24) + 2 ** 24) % 2 ** 24;
        return (residue >= 2 ** 23 ? residue - 2 ** 24 : residue) / 64;
      }),
  };
  checkLaws(it, codecLaws({ codec: right }));

  let calls = 0;
  const mistakes: [string, Partial<LinearCodec>, string][] = [
    [
      'encoder with a mind of its own',
      {
        encode: (values, context) =>
          right.encode(
            values.map((value) => value + ++calls),
            context,
          ),
      },
      'the same values, context and stream give the same bytes',
    ],
    [
      'decoder that loses a value',
      { decode: (bytes, context) => right.decode(bytes, context).slice(1) },
      'decode gives a finite vector of the same length, twice the same, without the private stream',
    ],
    [
      'visit that skips',
      { visit: (bytes, sink, context) => sink.dense(0, right.decode(bytes, context).fill(0, 0, 1)) },
      'visit hands over what decode returns, in ascending order, and does not keep its arrays',
    ],
    [
      'encoder of NaN',
      {
        encode: (values, context) =>
          right.encode(
            values.map((value) => (Number.isFinite(value) ? value : 0)),
            context,
          ),
      },
      'values that are not finite, or no vector, are refused',
    ],
    [
      'decoder that takes any size',
      { decode: (bytes) => right.decode(bytes) },
      'another size than the expected one is refused before anything is decoded',
    ],
    [
      'decoder that trusts lengths',
      {
        decode(bytes, context) {
          const whole = bytes.slice(0, 4 + 4 * new Int32Array(bytes.slice(0, 4).buffer)[0]);
          return right.decode(whole, context);
        },
      },
      'bytes that were cut or extended are refused',
    ],
    [
      'decoder that crashes',
      {
        decode(bytes, context) {
          if (bytes.length > 9 && bytes[9] > 200) throw new RangeError('offset is out of bounds');
          return right.decode(bytes, context);
        },
      },
      'hostile bytes are refused, or decode to a vector of the expected size',
    ],
    [
      'biased rounding',
      { encode: (values, context) => right.encode(values, { sharedSeed: context.sharedSeed }) },
      'an unbiased codec is right on average',
    ],
    ['bound that does not hold', { bound: 3 }, 'integers are within the bound, and the same for the same stream'],
    [
      'sum that is divided',
      { decodeSum: (sum, options) => right.decodeSum(sum, options).map((value) => value / options.contributors) },
      'a sum of integers decodes to the sum of what they decode to alone',
    ],
    [
      'sum without a modulus',
      { decodeSum: (sum) => Float32Array.from(sum, (value) => value / 64) },
      'only residues modulo 2^bits matter',
    ],
  ];
  it.each(mistakes)('find a %s', async (_name, mistake, law) => {
    expect(await names(codecLaws({ codec: { ...right, ...mistake } }))).toContain(law);
  });
});

describe('accountant laws', () => {
  /** Zero-concentrated differential privacy: ρ adds, ε = ρ + 2√(ρ ln 1/δ) (Bun and Steinke 2016, proposition 1.3). */
  class Concentrated implements AccountantLike<number> {
    readonly rho: number;
    constructor(rho = 0) {
      this.rho = rho;
    }
    compose(event: number, count = 1): Concentrated {
      if (!Number.isInteger(count) || count < 0) throw new FedkitError('OUT_OF_RANGE', 'compose: expected a count');
      return new Concentrated(this.rho + event * count);
    }
    epsilon(delta: number): number {
      if (!(delta > 0 && delta < 1)) throw new FedkitError('OUT_OF_RANGE', 'epsilon: expected a probability');
      return this.rho + 2 * Math.sqrt(this.rho * Math.log(1 / delta));
    }
    delta(epsilon: number): number {
      if (!(epsilon >= 0)) throw new FedkitError('OUT_OF_RANGE', 'delta: expected a loss');
      if (this.rho === 0) return 0;
      return epsilon <= this.rho ? 1 : Math.exp(-((epsilon - this.rho) ** 2) / (4 * this.rho));
    }
    serialize(): Uint8Array {
      return new Uint8Array(Float64Array.of(this.rho).buffer);
    }
  }
  const lawsOf = (create: () => AccountantLike<number>) =>
    accountantLaws({
      create,
      events: [0.01, 0.5],
      deserialize(bytes) {
        if (bytes.length !== 8) throw new FedkitError('DECODE_FAILED', 'test: expected 8 bytes');
        return new Concentrated(new Float64Array(bytes.slice().buffer)[0]);
      },
    });
  checkLaws(
    it,
    lawsOf(() => new Concentrated()),
  );

  const mistakes: [string, new () => AccountantLike<number>, string][] = [
    [
      'loss for nothing',
      class extends Concentrated {
        override epsilon = (delta: number) => super.epsilon(delta) + 0.1;
      },
      'nothing spent is nothing lost, or no question to ask',
    ],
    [
      'ε that grows with δ',
      class extends Concentrated {
        override epsilon = (delta: number) => super.epsilon(1 - delta);
        override compose = (event: number) =>
          Object.assign(new (this.constructor as typeof Concentrated)(this.rho + event));
      },
      'ε falls as δ grows and δ falls as ε grows, within their ranges',
    ],
  ];
  it.each(mistakes)('find a %s', async (_name, Wrong, law) => {
    expect(await names(lawsOf(() => new Wrong()))).toContain(law);
  });

  const wrapped = (
    change: (right: Concentrated) => Partial<AccountantLike<number>>,
    right = new Concentrated(),
  ): AccountantLike<number> => ({
    compose: (event, count) => wrapped(change, right.compose(event, count)),
    epsilon: (delta) => right.epsilon(delta),
    delta: (epsilon) => right.delta(epsilon),
    serialize: () => right.serialize(),
    ...change(right),
  });
  const changes: [string, Parameters<typeof wrapped>[0], string][] = [
    [
      'ε that forgets half',
      (right) => ({ epsilon: (delta) => right.epsilon(delta) / 2 }),
      'the δ at an ε is no more than the δ that ε was for',
    ],
    [
      'ε that refunds',
      (right) => ({ epsilon: (delta) => right.epsilon(delta) / (1 + right.rho ** 2) }),
      'spending more never costs less',
    ],
    [
      'count that is ignored',
      (right) => ({ compose: (event) => wrapped(() => ({}), right.compose(event)) }),
      'a count is as many compositions',
    ],
    [
      'order that matters',
      (right) => ({ compose: (event, count) => wrapped(changes[3][1], right.compose(event + right.rho / 2, count)) }),
      'the order of events does not matter',
    ],
    [
      'serialization that rounds',
      (right) => ({ serialize: () => new Uint8Array(Float64Array.of(Math.fround(right.rho)).buffer) }),
      'serialized accountants go on alike',
    ],
    [
      'accountant of anything',
      (right) => ({ epsilon: (delta) => (delta > 0 && delta < 1 ? right.epsilon(delta) : 0) }),
      'what is no probability, no loss and no count is refused, and changes nothing',
    ],
  ];
  it.each(changes)('find an %s', async (_name, change, law) => {
    expect(await names(lawsOf(() => wrapped(change)))).toContain(law);
  });
});
