import { fedAvg, Layout, plainUpdates, seededRng, secureSum } from '@fedkit/core';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lora } from '../adapt/lora.ts';
import { adapt, transformer } from '../model/transformer.ts';
import { freeze } from '../quantize/freeze.ts';
import { adamW } from '../train/optimizer.ts';
import { languageTrainer } from '../train/trainer.ts';
import { tokenWindows } from '../train/windows.ts';
import { flexLora, florist } from './algorithms.ts';
import { type AdapterUpdate, adapterLayout, adapterUpdate, stackedFactors } from './factors.ts';
import { type Matrix, product, qr, svd, transposed, zeros } from './matrix.ts';
import { type AggregatedAdapter, flora, truncatedProduct } from './products.ts';

const places = [
  { path: 'a', outputs: 12, inputs: 9 },
  { path: 'b', outputs: 7, inputs: 20 },
];

/** Adapters of random values, of these ranks. */
function updates(seed: number, ranks: readonly number[]): AdapterUpdate[] {
  const rng = seededRng(seed);
  return ranks.map((rank) => {
    const layout = adapterLayout(places, rank);
    const values = Float32Array.from({ length: layout.size }, () => 2 * rng.uniform() - 1);
    return { layout, values, scale: 0.5 + rng.uniform(), weight: 1 + rng.below(9) };
  });
}

function factor(layout: Layout, values: Float32Array, name: string): Matrix {
  const [rows, columns] = layout.tensor(name).shape;
  return { rows, columns, values: Float64Array.from(layout.view(values, name)) };
}

/** s·B·A in double precision. */
function productOf(
  { layout, values, scale }: Pick<AdapterUpdate, 'layout' | 'values' | 'scale'>,
  path: string,
): Matrix {
  const dense = product(
    factor(layout, values, `${path}.lora_B.weight`),
    factor(layout, values, `${path}.lora_A.weight`),
  );
  return { ...dense, values: dense.values.map((value) => scale * value) };
}

/** Σ p_k·s_k·B_k·A_k, formed. */
function meanProduct(all: readonly AdapterUpdate[], path: string): Matrix {
  const total = all.reduce((sum, { weight }) => sum + weight, 0);
  const parts = all.map((own) => ({ share: own.weight / total, ...productOf(own, path) }));
  const sum = zeros(parts[0].rows, parts[0].columns);
  for (const { share, values } of parts) values.forEach((value, i) => (sum.values[i] += share * value));
  return sum;
}

function distance(a: Matrix, b: Matrix): number {
  return Math.sqrt(a.values.reduce((sum, value, i) => sum + (value - b.values[i]) ** 2, 0));
}

/** Frobenius norm of what an aggregate misses. */
function missing(found: AggregatedAdapter, all: readonly AdapterUpdate[]): number {
  return Math.sqrt(
    places.reduce((sum, { path }) => sum + distance(productOf(found, path), meanProduct(all, path)) ** 2, 0),
  );
}

describe('singular values', () => {
  it('give the matrix back from orthonormal factors, whatever its shape and rank', () => {
    const shape = fc.record({
      rows: fc.integer({ min: 1, max: 12 }),
      columns: fc.integer({ min: 1, max: 12 }),
      rank: fc.integer({ min: 0, max: 4 }),
      seed: fc.nat(1e9),
    });
    fc.assert(
      fc.property(shape, ({ rows, columns, rank, seed }) => {
        const rng = seededRng(seed);
        const random = (r: number, c: number): Matrix => ({
          rows: r,
          columns: c,
          values: Float64Array.from({ length: r * c }, () => 2 * rng.uniform() - 1),
        });
        const a = rank === 0 ? zeros(rows, columns) : product(random(rows, rank), random(rank, columns));
        const { u, sigma, v } = svd(a);
        const scaled = { ...u, values: u.values.map((value, i) => value * sigma[i % u.columns]) };
        expect(distance(product(scaled, transposed(v)), a)).toBeLessThan(1e-12 * (1 + sigma[0]));
        for (let i = 1; i < sigma.length; i++) expect(sigma[i]).toBeLessThanOrEqual(sigma[i - 1]);
        expect(sigma.slice(rank).every((value) => value <= 1e-13 * (1 + sigma[0]))).toBe(true);
        const { q, r } = qr(a);
        expect(distance(product(q, r), a)).toBeLessThan(1e-12 * (1 + sigma[0]));
        const identity = product(transposed(q), q);
        identity.values.forEach((value, i) => expect(value).toBeCloseTo(i % (identity.columns + 1) === 0 ? 1 : 0, 12));
      }),
      { numRuns: 60 },
    );
  });
});

describe('aggregation of adapters', () => {
  it('FedIT adds cross terms: the product of means is not the mean of products', () => {
    const all = updates(1, [3, 3, 3]).map((own) => ({ ...own, scale: 2, weight: 1 }));
    const mean = all[0].values.map((_, i) => all.reduce((sum, { values }) => sum + values[i] / 3, 0));
    const found = productOf({ layout: all[0].layout, values: mean, scale: 2 }, 'a');
    const expected = meanProduct(all, 'a');
    // What is added is exactly 1/9 · Σ_{i≠j} s·B_i·A_j − 2/9 · Σ s·B_i·A_i.
    const cross = zeros(12, 9);
    for (const x of all) {
      for (const y of all) {
        const mixed = product(
          factor(x.layout, x.values, 'a.lora_B.weight'),
          factor(y.layout, y.values, 'a.lora_A.weight'),
        );
        mixed.values.forEach((value, i) => (cross.values[i] += 2 * value * (x === y ? 1 / 9 - 1 / 3 : 1 / 9)));
      }
    }
    expect(distance(found, expected)).toBeGreaterThan(1);
    found.values.forEach((value, i) => expect(value - expected.values[i]).toBeCloseTo(cross.values[i], 5));
  });

  it('FFA-LoRA is exact: the mean of B is the mean of products, and A the same for everybody', async () => {
    const start = transformer({ vocabulary: 20, width: 16, layers: 1, heads: 2, context: 16 });
    const base = freeze(start, start.init(seededRng(1)));
    const model = adapt(base, lora({ rank: 2, targets: ['q_proj'], frozenA: { seed: 9 } }));
    expect(model.layout.tensors.map(({ name }) => name)).toEqual(['model.layers.0.self_attn.q_proj.lora_B.weight']);
    const again = adapt(base, lora({ rank: 2, targets: ['q_proj'], frozenA: { seed: 9 } }));
    expect(again.network.fixedValues).toEqual(model.network.fixedValues);
    const rng = seededRng(3);
    const tuned = [0, 1, 2].map(() => model.init(rng).map(() => rng.uniform() - 0.5));
    const a: Matrix = { rows: 2, columns: 16, values: Float64Array.from(model.network.fixedValues) };
    const dense = (values: Float32Array) => product({ rows: 16, columns: 2, values: Float64Array.from(values) }, a);
    const mean = tuned[0].map((_, i) => tuned.reduce((sum, values) => sum + values[i] / 3, 0));
    const expected = zeros(16, 16);
    for (const values of tuned) dense(values).values.forEach((value, i) => (expected.values[i] += value / 3));
    expect(distance(dense(mean), expected)).toBeLessThan(1e-6);
  });

  it('FLoRA is exact at the sum of all ranks, whatever they are', () => {
    fc.assert(
      fc.property(
        fc.nat(1e9),
        fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 }),
        (seed, ranks) => {
          const all = updates(seed, ranks);
          const found = flora(all);
          expect(found.layout.tensor('a.lora_A.weight').shape[0]).toBe(ranks.reduce((a, b) => a + b, 0));
          expect(missing(found, all)).toBeLessThan(1e-5);
          expect(found.error).toBe(0);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('FlexLoRA misses exactly the singular values that it cuts, and says so', () => {
    fc.assert(
      fc.property(
        fc.nat(1e9),
        fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 1, max: 8 }),
        fc.double({ min: 0.1, max: 4, noNaN: true }),
        (seed, ranks, rank, scale) => {
          const all = updates(seed, ranks);
          const found = truncatedProduct(all, { rank, scale });
          // From the sum, formed and decomposed: another way than that of the code.
          const cut = places.flatMap(({ path }) => Array.from(svd(meanProduct(all, path)).sigma.slice(rank)));
          const expected = Math.sqrt(cut.reduce((sum, value) => sum + value * value, 0));
          expect(Math.abs(found.error - expected)).toBeLessThan(1e-5);
          expect(Math.abs(missing(found, all) - expected)).toBeLessThan(1e-5);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('FLoRIST keeps as many values as hold the energy, no more', () => {
    const all = updates(5, [4, 3]);
    for (const energy of [0.3, 0.8, 0.99, 1]) {
      const found = truncatedProduct(all, { rank: 7, energy });
      for (const { path } of places) {
        const squares = [...svd(meanProduct(all, path)).sigma].map((value) => value * value);
        const total = squares.reduce((a, b) => a + b, 0);
        const held = (count: number) => squares.slice(0, count).reduce((a, b) => a + b, 0);
        const kept = found.ranks[path];
        if (energy < 1) expect(held(kept)).toBeGreaterThanOrEqual(energy * total);
        expect(held(kept - 1)).toBeLessThan(energy * total);
      }
    }
  });

  it('does not depend on how often the same factors are counted', () => {
    const [one, other] = updates(6, [2, 2]);
    const twice = truncatedProduct([one, one, other], { rank: 3 });
    const weighed = truncatedProduct([{ ...one, weight: 2 * one.weight }, other], { rank: 3 });
    expect(distance(productOf(twice, 'b'), productOf(weighed, 'b'))).toBeLessThan(1e-5);
  });

  it.each<[string, () => unknown, string]>([
    ['no adapter', () => flora([]), 'INVALID_ARGUMENT'],
    [
      'adapters of other products',
      () =>
        flora([
          updates(1, [2])[0],
          { ...updates(1, [2])[0], layout: adapterLayout([places[0]], 2), values: new Float32Array(42) },
        ]),
      'SHAPE_MISMATCH',
    ],
    [
      'single factors',
      () =>
        stackedFactors('x', [
          {
            layout: Layout.of([{ name: 'a.lora_B.weight', shape: [2, 1] }]),
            values: new Float32Array(2),
            scale: 1,
            weight: 1,
          },
        ]),
      'INVALID_ARGUMENT',
    ],
    [
      'magnitudes',
      () =>
        stackedFactors('x', [
          {
            layout: Layout.of([{ name: 'a.lora_magnitude_vector.weight', shape: [2] }]),
            values: new Float32Array(2),
            scale: 1,
            weight: 1,
          },
        ]),
      'INVALID_ARGUMENT',
    ],
    [
      'NaN',
      () => flora([{ ...updates(1, [2])[0], values: updates(1, [2])[0].values.fill(Number.NaN) }]),
      'OUT_OF_RANGE',
    ],
    ['a weight of 0', () => flora([{ ...updates(1, [2])[0], weight: 0 }]), 'OUT_OF_RANGE'],
    ['a rank of 0', () => truncatedProduct(updates(1, [2]), { rank: 0 }), 'OUT_OF_RANGE'],
    ['no energy', () => truncatedProduct(updates(1, [2]), { rank: 1, energy: 0 }), 'OUT_OF_RANGE'],
  ])('refuses %s', (_, run, code) => {
    expect(run).toThrowError(expect.objectContaining({ code }));
  });
});

describe('flexLora and florist', () => {
  const start = transformer({ vocabulary: 20, width: 16, layers: 2, heads: 2, context: 16 });
  const base = freeze(
    start,
    start.init(seededRng(1)).map((value, i) => value + 0.1 * ((i % 5) - 2)),
  );
  const model = adapt(base, lora({ rank: 2, targets: ['q_proj', 'down_proj'] }));
  const clients = [1, 2, 3].map((seed) =>
    languageTrainer(
      model,
      tokenWindows([Array.from({ length: 30 + seed }, (_, i) => (i * seed + 3) % 20)], { length: 10 }),
      {
        optimizer: adamW(),
      },
    ),
  );

  it.each([flexLora(model), florist(model, { energy: 0.9 })])(
    'run a round, state what they miss, and go on: $kind',
    async (algorithm) => {
      let state = algorithm.init(model.init(seededRng(2)));
      const aggregator = algorithm.aggregator(model.layout.size);
      const options = { steps: 3, batchSize: 2, learningRate: 0.02, rng: seededRng(4) };
      const accumulator = aggregator.create();
      const updates = [];
      for (const [i, trainer] of clients.entries()) {
        const { contribution } = await algorithm.clientRound({
          broadcast: algorithm.broadcast(state),
          trainer,
          options,
        });
        aggregator.accumulate(accumulator, { ...contribution, client: `client ${i}` });
        updates.push(adapterUpdate(model, contribution.values.adapter.slice(0, -1), contribution.weight ?? 1));
      }
      const restored = aggregator.deserialize(aggregator.serialize(accumulator));
      state = algorithm.serverStep(state, aggregator.finalize(restored), { round: 1, cohort: 3, population: 3 });
      const energy = algorithm.kind === 'florist' ? 0.9 : 1;
      const expected = truncatedProduct(updates, { rank: 2, scale: 2, energy });
      expect(state.truncationError).toBeCloseTo(expected.error, 5);
      expect(state.truncationError).toBeGreaterThan(0);
      const path = 'model.layers.1.mlp.down_proj';
      const found = productOf({ layout: model.layout, values: state.params, scale: 2 }, path);
      expect(distance(found, productOf(expected, path))).toBeLessThan(1e-5);
    },
  );

  it('need single updates: secure sums refuse them by type and by name', () => {
    const provider = { kind: 'none' } as never;
    plainUpdates({ algorithm: flexLora(model), layout: model.layout });
    // @ts-expect-error Its aggregator is no sum.
    expect(() => secureSum({ algorithm: flexLora(model), aggregation: provider, layout: model.layout })).toThrowError(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringMatching(/algorithm/) }),
    );
    // FFA-LoRA under FedAvg is a sum.
    expect(fedAvg().aggregator(model.layout.size).linearity).toBe('linear');
    expect(flexLora(model).aggregator(model.layout.size).linearity).toBe('perClient');
  });

  it('refuse a model without pairs of trained factors', () => {
    const single = adapt(base, lora({ rank: 2, targets: ['q_proj'], frozenA: { seed: 1 } }));
    expect(() => flexLora(single)).toThrowError(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    expect(() => florist(model, { energy: 0 })).toThrowError(expect.objectContaining({ code: 'OUT_OF_RANGE' }));
  });
});
