import { commonRange, rotated, wrapped } from '@fedkit/compression';
import {
  type Contribution,
  centeredClipping,
  fedAvg,
  fedDyn,
  fedNova,
  type LinearAlgorithm,
  mimeLite,
  type PlainData,
  plainTrainer,
  plainUpdates,
  qFedAvg,
  scaffold,
  secureSum,
  seededRng,
  softmaxRegression,
  type Update,
  withMetrics,
} from '@fedkit/core';
import type { LinearCodec } from '@fedkit/core/codec';
import { publicKeyOf, secureAggregation } from '@fedkit/secagg';
import { describe, expect, it } from 'vitest';
import { driveRound } from './drive.ts';
import { aggregation } from './settings.ts';

const model = softmaxRegression({ inputs: 6, classes: 3 });
const size = model.layout.size;

// oxlint-disable-next-line typescript/no-explicit-any -- the algorithms' own types differ
type Any = any;
const algorithms: LinearAlgorithm<Any, Any, Any, Any, Any>[] = [
  fedAvg(),
  scaffold(),
  fedNova(),
  qFedAvg({ q: 1 }),
  fedDyn({ alpha: 0.1 }),
  mimeLite({ base: { kind: 'momentum', beta: 0.9 } }),
  withMetrics(fedAvg(), { maximumNorm: 10 }),
];

/** What clients really send in a first round. */
async function contributionsOf(algorithm: (typeof algorithms)[number], clients: number) {
  const state = algorithm.init(model.init(seededRng(1)));
  const made: Record<string, Contribution<Update>> = {};
  for (let i = 0; i < clients; i++) {
    const rng = seededRng(i);
    const count = 4 + i;
    const examples = {
      inputs: Float32Array.from({ length: 6 * count }, () => rng.uniform()),
      labels: Uint8Array.from({ length: count }, () => rng.below(3)),
    };
    const { contribution } = await algorithm.clientRound({
      broadcast: algorithm.broadcast(state),
      trainer: plainTrainer(model, examples as Any),
      options: { steps: 3, batchSize: 'all', learningRate: 0.3, rng },
    });
    made[`c${i}`] = contribution;
  }
  return made;
}

function flat(data: PlainData): number[] {
  if (typeof data === 'number') return [data];
  if (data instanceof Float32Array) return [...data];
  return Object.keys(data)
    .sort()
    .flatMap((name) => flat(data[name]));
}

function without<T>(from: Record<string, T>, names: readonly string[]): Record<string, T> {
  return Object.fromEntries(Object.entries(from).filter(([name]) => !names.includes(name)));
}

describe.each(algorithms)('$kind', (algorithm) => {
  it('plain updates are the plain aggregate, bit for bit, restarts included', async () => {
    const contributions = await contributionsOf(algorithm, 5);
    const rule = algorithm.aggregator(size);
    const exact = rule.create();
    for (const contribution of Object.values(contributions)) rule.accumulate(exact, contribution as Any);
    const pipeline = plainUpdates({ algorithm, size });
    for (const restarts of [false, true]) {
      const { aggregate, contributors } = await driveRound(pipeline, { contributions, restarts });
      expect(flat(aggregate as PlainData)).toEqual(flat(rule.finalize(exact)));
      expect(contributors).toEqual(Object.keys(contributions));
    }
  });

  it('a secure sum is the plain aggregate of the survivors within the stated error', async () => {
    const contributions = await contributionsOf(algorithm, 8);
    const common = commonRange({ bits: 32, range: 8, contributors: 8 });
    const wrapping = rotated(wrapped({ bits: 28, spread: 4 }));
    // What is no update needs a codec by name.
    const bySlot = (codec: LinearCodec) =>
      algorithm.beside
        ? { update: codec, ...Object.fromEntries(algorithm.beside.map((name) => [name, common])) }
        : codec;
    const codecs = [{ codec: bySlot(common) }, { codec: bySlot(wrapping), wrapProbability: 1e-6 }];
    for (const options of codecs) {
      const pipeline = secureSum({
        algorithm,
        size,
        aggregation,
        minimumContributors: 5,
        maximumWeight: 16,
        ...options,
      });
      for (const [drop, restarts] of [
        [{}, false],
        [{ input: ['c5'], unmask: ['c0'] }, true],
        [{ share: ['c2'], input: ['c5'] }, true],
      ] as const) {
        const gone = [...(('share' in drop && drop.share) || []), ...(('input' in drop && drop.input) || [])];
        const kept = without(contributions, gone);
        const rule = algorithm.aggregator(size);
        const exact = rule.create();
        for (const contribution of Object.values(kept)) rule.accumulate(exact, contribution as Any);
        const wanted = flat(rule.finalize(exact));
        const { aggregate, contributors, facts } = await driveRound(pipeline, { contributions, drop, restarts });
        expect([...contributors].sort()).toEqual(Object.keys(kept).sort());
        const got = flat(aggregate as PlainData);
        const error = Math.sqrt(got.reduce((sum, value, i) => sum + (value - wanted[i]) ** 2, 0) / got.length);
        // Stated is the root mean square: ten times as much never happens. Float32 rounds the rest.
        const scale = Math.max(...wanted.map(Math.abs), 1);
        expect(facts.quantizationError).toBeGreaterThan(0);
        expect(error).toBeLessThan(10 * (facts.quantizationError as number) + 2 ** -20 * scale);
      }
    }
  });
});

describe('plain updates', () => {
  it('carry robust rules and worker momentum', async () => {
    const algorithm = fedAvg({ aggregate: (d) => centeredClipping(d, { radius: 1 }) });
    const pipeline = plainUpdates({ algorithm, size: 2, clientMomentum: 0.9 });
    const memories = new Map<string, Uint8Array>();
    const send = (x: number) =>
      driveRound(pipeline, { contributions: { a: { values: { update: Float32Array.of(x, 0) } } }, memories });
    expect((await send(1)).aggregate.update[0]).toBeCloseTo(1);
    expect((await send(0.5)).aggregate.update[0]).toBeCloseTo(0.95);
  });
});

describe('a secure sum', () => {
  it('is entered by each client with an aggregation of its own', () => {
    const options = { mode: 'malicious', corruptFraction: 0, dropoutFraction: 0.2 } as const;
    const identity = { secretKey: new Uint8Array(32).fill(3) };
    const directory = () => publicKeyOf(identity);
    const sealingKey = new Uint8Array(32);
    const pipeline = secureSum({
      algorithm: fedAvg(),
      size: 4,
      codec: commonRange({ bits: 32, range: 8, contributors: 8 }),
      aggregation: secureAggregation({ ...options, directory, sealingKey }),
      minimumContributors: 4,
      maximumWeight: 1,
    });
    const modelDigest = new Uint8Array(32);
    const parameters = pipeline.server().announce({ round: 1, places: 6, modelDigest });
    const task = { round: 1, modelDigest, parameters };
    pipeline.client(secureAggregation({ ...options, directory, sealingKey, identity })).check(task);
    expect(() => pipeline.client().check(task)).toThrow(/identity/);
    expect(() => pipeline.client({} as Any)).toThrow(/aggregation/);
  });

  it('is off by what it states, dither subtracted', async () => {
    const d = 4096;
    const rng = seededRng(1);
    const contributions = Object.fromEntries(
      Array.from({ length: 6 }, (_, i) => [
        `c${i}`,
        { values: { update: Float32Array.from({ length: d }, () => rng.uniform() - 0.5) }, weight: 1 },
      ]),
    );
    const pipeline = secureSum({
      algorithm: fedAvg(),
      size: d,
      codec: rotated(wrapped({ bits: 12, spread: 1 })),
      wrapProbability: 1e-4,
      aggregation,
      minimumContributors: 4,
      maximumWeight: 1,
    });
    const { aggregate, facts } = await driveRound(pipeline, { contributions, drop: { input: ['c3'] } });
    const squares = aggregate.update.map((value, i) => {
      const kept = Object.entries(contributions).filter(([id]) => id !== 'c3');
      return (value - kept.reduce((sum, [, { values }]) => sum + values.update[i], 0) / 5) ** 2;
    });
    const error = Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / d);
    // Of 4,096 coordinates: within 8 % but for a probability below 1e-9. Without the dithers it is 41 % more.
    expect(error / (facts.quantizationError as number)).toBeGreaterThan(0.92);
    expect(error / (facts.quantizationError as number)).toBeLessThan(1.08);
    expect(facts.wrapProbability).toBe(1e-4);
  });
});
