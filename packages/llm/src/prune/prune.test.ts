import { Layout, seededRng, selectedLayout, selectedTrainer } from '@fedkit/core';
import { complementOf } from '@fedkit/core/extend';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { transformer } from '../model/transformer.ts';
import { adamW } from '../train/optimizer.ts';
import { languageTrainer } from '../train/trainer.ts';
import { tokenWindows } from '../train/windows.ts';
import { factorize } from './factorize.ts';
import { gradualDensity } from './gradual.ts';
import { magnitudeMask, MovementScores, prune } from './mask.ts';
import { pruneStructure } from './structured.ts';

const SHAPE = { vocabulary: 20, width: 16, layers: 2, heads: 4, context: 16 };
const text = Array.from({ length: 120 }, (_, i) => (i * i + 3 * i) % 20);
const windows = tokenWindows([text], { length: 12 });
const how = { steps: 60, batchSize: 4, learningRate: 0.01 } as const;

describe('a mask', () => {
  const layout = Layout.of([
    { name: 'a', shape: [3, 4] },
    { name: 'gain', shape: [3] },
    { name: 'b', shape: [2, 5] },
  ]);
  // Few different values: ties are the rule.
  const values = fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 25, maxLength: 25 });

  it('keeps the largest, of equals the first, and vectors whole', () => {
    fc.assert(
      fc.property(values, fc.double({ min: 0.01, max: 1, noNaN: true }), fc.boolean(), (own, density, each) => {
        const params = Float32Array.from(own);
        const mask = magnitudeMask(layout, params, { density, compared: each ? 'each' : 'together' });
        const kept = prune(mask, new Float32Array(25).fill(1));
        const groups = each ? [range(0, 12), range(15, 25)] : [[...range(0, 12), ...range(15, 25)]];
        for (const group of groups) {
          const order = [...group].sort((x, y) => Math.abs(params[y]) - Math.abs(params[x]) || x - y);
          const expected = new Set(order.slice(0, Math.ceil(density * group.length)));
          for (const place of group) expect(kept[place]).toBe(expected.has(place) ? 1 : 0);
        }
        for (const place of range(12, 15)) expect(kept[place]).toBe(1);
      }),
    );
  });

  it('is refused without anything to prune, and for densities that are none', () => {
    const params = new Float32Array(25);
    for (const density of [0, -1, 1.5, Number.NaN]) {
      expect(() => magnitudeMask(layout, params, { density })).toThrowError(/density/);
    }
    expect(() => magnitudeMask(layout, params, { density: 0.5, prunable: () => false })).toThrowError(/at least one/);
    expect(() => magnitudeMask(layout, params.fill(Number.NaN), { density: 0.5 })).toThrowError(/finite/);
  });

  it('of movement keeps what grew, whatever its size', () => {
    const scores = new MovementScores(layout);
    const before = Float32Array.from({ length: 25 }, (_, i) => (i % 2 === 0 ? 5 : -0.5));
    // Large weights shrink, small ones grow.
    scores.add(
      before,
      before.map((value) => (Math.abs(value) > 1 ? 0.9 * value : 1.5 * value)),
    );
    const mask = scores.mask({ density: 11 / 22 });
    const kept = prune(mask, new Float32Array(25).fill(1));
    for (const place of [...range(0, 12), ...range(15, 25)]) expect(kept[place]).toBe(place % 2);
  });

  it('shrinks little by little, inside of the mask before', () => {
    const densityOf = gradualDensity({ density: 0.5, rounds: 3 });
    // s_t = s·(1 − (1 − t/T)³): 19/54, 13/27, 1/2.
    for (const [i, pruned] of [19 / 54, 13 / 27, 0.5, 0.5].entries())
      expect(densityOf(i + 1)).toBeCloseTo(1 - pruned, 14);
    const layout = Layout.of([{ name: 'weight', shape: [20, 30] }]);
    const rng = seededRng(5);
    let params = Float32Array.from({ length: 600 }, () => rng.uniform() - 0.5);
    let before = new Set(params.keys());
    for (let round = 1; round <= 3; round++) {
      const mask = magnitudeMask(layout, params, { density: densityOf(round) });
      expect(mask.size).toBe(Math.ceil(600 * densityOf(round)));
      const kept = mask.scatter(new Float32Array(mask.size).fill(1), new Float32Array(600));
      const places = new Set([...kept.keys()].filter((place) => kept[place] === 1));
      expect([...places].every((place) => before.has(place))).toBe(true);
      before = places;
      // A round of training moves what is kept alone.
      params = prune(mask, params).map((value) => (value === 0 ? 0 : value + 0.1 * (rng.uniform() - 0.5)));
    }
    for (const density of [0, 1, 2]) {
      expect(() => gradualDensity({ density, rounds: 3 })).toThrowError(/gradualDensity: density/);
    }
    expect(() => gradualDensity({ density: 0.5, rounds: 0 })).toThrowError(/gradualDensity: rounds/);
    expect(() => densityOf(0)).toThrowError(/gradualDensity: round/);
  });

  it('at a half sends at most 0.52 of the bytes, and two ends come to the same', async () => {
    const model = transformer({ ...SHAPE, width: 32 });
    const start = model.init(seededRng(1));
    const trained = await languageTrainer(model, windows, { optimizer: adamW() }).train(
      start,
      {},
      { ...how, rng: seededRng(2) },
    );
    const released = start.map((value, i) => value + trained.values[i]);
    const everything = () => true;
    const masks = [1, 2].map(() => magnitudeMask(model.layout, released, { density: 0.5, prunable: everything }));
    expect(selectedLayout(masks[0]).digest()).toBe(selectedLayout(masks[1]).digest());
    expect(masks[0].size / model.layout.size).toBeLessThanOrEqual(0.52);

    const pruned = prune(masks[0], released);
    const trainer = selectedTrainer(
      languageTrainer(model, windows, { optimizer: adamW() }),
      masks[0],
      new Float32Array(model.layout.size),
    );
    const { values } = await trainer.train(masks[0].gather(pruned), {}, { ...how, rng: seededRng(3) });
    expect(values.length).toBe(masks[0].size);
    const after = masks[0].scatter(
      masks[0].gather(pruned).map((value, i) => value + values[i]),
      new Float32Array(model.layout.size),
    );
    expect(model.evaluate(after, windows).loss).toBeLessThan(model.evaluate(pruned, windows).loss);
    complementOf(masks[0])
      .gather(after)
      .forEach((value) => expect(value).toBe(0));
  });
});

describe('pruneStructure', () => {
  it.each([
    ['llama', transformer({ ...SHAPE, hidden: 24 })],
    ['grouped', transformer({ ...SHAPE, hidden: 24, keyValueHeads: 2 })],
    ['gpt', transformer({ ...SHAPE, style: 'gpt', hidden: 24 })],
  ])('computes what the model does with the others’ outputs at zero: %s', (_, model) => {
    const rng = seededRng(4);
    const params = model.init(rng).map((value) => value + 0.3 * (rng.uniform() - 0.5));
    const small = pruneStructure(model, params, { keyValueHeads: 1, hidden: 10 });
    const zeroed = params.slice();
    const { shape } = model;
    const perGroup = (shape.heads / shape.keyValueHeads) * shape.headWidth;
    small.kept.forEach(({ groups, units }, layer) => {
      const clear = (name: string, keep: (column: number) => boolean) => {
        const full = `model.layers.${layer}.${name}.weight`;
        const columns = model.layout.tensor(full).shape[1];
        const values = model.layout.view(zeroed, full);
        for (let i = 0; i < values.length; i++) if (!keep(i % columns)) values[i] = 0;
      };
      clear('self_attn.o_proj', (column) => groups.includes(Math.floor(column / perGroup)));
      clear('mlp.down_proj', (column) => units.includes(column));
    });
    const expected = model.logits(zeroed, text.slice(0, 12));
    small.model
      .logits(small.params, text.slice(0, 12))
      .forEach((value, i) => expect(Math.abs(value - expected[i])).toBeLessThan(1e-5));
    expect(small.params.length).toBeLessThan(0.7 * params.length);
    const same = pruneStructure(model, params, {});
    expect([...same.params]).toEqual([...params]);
  });

  it('keeps the heads that weigh most', () => {
    const model = transformer(SHAPE);
    const params = model.init(seededRng(1));
    const q = model.layout.view(params, 'model.layers.1.self_attn.q_proj.weight');
    for (let i = 2 * 64; i < 3 * 64; i++) q[i] = 1;
    const { kept } = pruneStructure(model, params, { keyValueHeads: 1 });
    expect(kept[1].groups).toEqual([2]);
    expect(() => pruneStructure(model, params, { keyValueHeads: 5 })).toThrowError(/keyValueHeads/);
  });
});

describe('factorize', () => {
  const model = transformer(SHAPE);
  const rng = seededRng(5);
  const params = model.init(rng).map((value) => value + 0.2 * (rng.uniform() - 0.5));

  it('at full rank is the model, and below it misses what the singular values say', () => {
    const expected = model.logits(params, text.slice(0, 12));
    const whole = factorize(model, params, { rank: 16, targets: ['q_proj', 'down_proj'] });
    whole.model
      .logits(whole.params, text.slice(0, 12))
      .forEach((value, i) => expect(Math.abs(value - expected[i])).toBeLessThan(1e-4));
    const { model: small, params: factors, errors } = factorize(model, params, { rank: 3, targets: 'all-linear' });
    for (const [path, error] of errors) {
      const weight = model.layout.view(params, `${path}.weight`);
      const [a, b] = ['A', 'B'].map((name) => small.layout.view(factors, `${path}.lora_${name}.weight`));
      const [outputs, inputs] = model.layout.tensor(`${path}.weight`).shape;
      let sum = 0;
      for (let i = 0; i < outputs; i++) {
        for (let j = 0; j < inputs; j++) {
          let own = weight[i * inputs + j];
          for (let k = 0; k < 3; k++) own -= b[3 * i + k] * a[k * inputs + j];
          sum += own * own;
        }
      }
      expect(Math.abs(Math.sqrt(sum) - error)).toBeLessThan(1e-5);
    }
  });

  it('with the rest frozen starts as the model, and trains factors alone', async () => {
    const { model: small, params: factors } = factorize(model, params, {
      rank: 2,
      targets: 'all-linear',
      residual: 'frozen',
    });
    expect(small.layout.size).toBeLessThan(0.5 * model.layout.size);
    expect(small.evaluate(factors, windows).loss).toBeCloseTo(model.evaluate(params, windows).loss, 4);
    const { values } = await languageTrainer(small, windows, { optimizer: adamW() }).train(
      factors,
      {},
      { ...how, rng: seededRng(1) },
    );
    const after = factors.map((value, i) => value + values[i]);
    expect(small.evaluate(after, windows).loss).toBeLessThan(0.8 * small.evaluate(factors, windows).loss);
    expect(() => factorize(model, params, { rank: 17, targets: 'all-linear' })).toThrowError(/rank/);
  });
});

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}
