import { describe, expect, it } from 'vitest';
import { FedkitError } from '../errors.ts';
import { seededRng } from '../random.ts';
import type { Examples } from './examples.ts';
import { mlp, softmaxRegression } from './mlp.ts';
import { plainTrainer } from './plain-trainer.ts';
import type { TrainOptions } from './trainer.ts';
import { complementOf } from '../model/complement.ts';

const options = (more: Partial<TrainOptions> = {}): TrainOptions =>
  ({
    epochs: 1,
    batchSize: 10,
    learningRate: 0.5,
    rng: seededRng(7),
    ...more,
  }) as TrainOptions;

/** Two clouds of points, one a class. */
function clouds(count: number): Examples {
  const rng = seededRng('clouds');
  const labels = Uint8Array.from({ length: count }, () => rng.below(2));
  const inputs = Float32Array.from(
    { length: 2 * count },
    (_, i) => (labels[i >> 1] === 1 ? 1 : -1) + rng.uniform() - 0.5,
  );
  return { inputs, labels };
}

const model = mlp({ layers: [2, 8, 2] });
const start = model.init(seededRng(1));
const trainer = plainTrainer(model, clouds(100));

describe('plainTrainer', () => {
  it('learns', async () => {
    const { values, steps, examples, lossAtStart } = await trainer.train(start, {}, options({ epochs: 3 }));
    expect(steps).toBe(30);
    expect(examples).toBe(100);
    expect(lossAtStart).toBe(model.evaluate(start, clouds(100)).loss);
    const after = model.evaluate(
      start.map((value, i) => value + values[i]),
      clouds(100),
    );
    expect(after.accuracy).toBe(1);
    expect(after.loss).toBeLessThan((lossAtStart as number) / 10);
  });

  it('repeats bit for bit, and does not touch the start', async () => {
    const before = start.slice();
    const first = await trainer.train(start, {}, options({ momentum: 0.9 }));
    expect(await trainer.train(start, {}, options({ momentum: 0.9 }))).toEqual(first);
    expect(start).toEqual(before);
    const other = await trainer.train(start, {}, options({ momentum: 0.9, rng: seededRng(8) }));
    expect(other.values).not.toEqual(first.values);
  });

  it('takes one full-batch step along the gradient', async () => {
    const { values } = await trainer.train(start, {}, options({ batchSize: 'all', learningRate: 0.25 }));
    const gradient = await trainer.gradient(start);
    values.forEach((value, i) => expect(value).toBeCloseTo(-0.25 * gradient[i], 6));
  });

  it('accumulates momentum: the second step carries ρ times the first', async () => {
    const once = await trainer.train(start, {}, options({ epochs: undefined as never, steps: 1, batchSize: 'all' }));
    const there = start.map((value, i) => value + once.values[i]);
    const gradient = await trainer.gradient(there);
    const twice = await trainer.train(start, {}, options({ epochs: 2, batchSize: 'all', momentum: 0.5 }));
    twice.values.forEach((value, i) => expect(value).toBeCloseTo(once.values[i] * 1.5 - 0.5 * gradient[i], 5));
  });

  it('stays near the anchor under a strong proximal term, and moves only what is trainable', async () => {
    const free = await trainer.train(start, {}, options());
    const held = await trainer.train(start, { proximal: 1.5 }, options());
    const norm = (values: Float32Array) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
    expect(norm(held.values)).toBeLessThan(0.7 * norm(free.values));
    const head = model.layout.select(({ name }) => name.startsWith('layers.1'));
    const { values } = await trainer.train(start, { trainable: head }, options({ momentum: 0.9 }));
    expect(norm(head.gather(values))).toBeGreaterThan(0.1);
    expect(norm(complementOf(head).gather(values))).toBe(0);
  });

  it('measures the loss at the start only if asked', async () => {
    expect(await trainer.train(start, {}, options({ lossAtStart: false }))).not.toHaveProperty('lossAtStart');
  });

  it('stops between steps when aborted', async () => {
    const controller = new AbortController();
    const rng = seededRng(1);
    let draws = 0;
    const counting = {
      ...rng,
      below: (bound: number) => (draws++ === 150 ? (controller.abort(), 0) : rng.below(bound)),
    };
    const running = trainer.train(start, {}, options({ epochs: 1000, rng: counting, signal: controller.signal }));
    await expect(running).rejects.toMatchObject({ name: 'FedkitError', code: 'ABORTED' });
    expect(draws).toBeLessThan(250);
  });

  it('comes to its turns: a timer aborts long training', async () => {
    const wide = mlp({ layers: [2, 400, 400, 2] });
    const signal = AbortSignal.timeout(50);
    const running = plainTrainer(wide, clouds(100)).train(
      wide.init(seededRng(1)),
      {},
      options({ epochs: 10_000, signal }),
    );
    await expect(running).rejects.toMatchObject({ code: 'ABORTED', cause: { name: 'TimeoutError' } });
  });

  it('names the step at which the loss is no longer finite', async () => {
    const inputs = clouds(100).inputs.map((value) => value * 1e30);
    const running = plainTrainer(model, { inputs, labels: clouds(100).labels }).train(
      start,
      {},
      options({ learningRate: 1e30 }),
    );
    await expect(running).rejects.toThrow(/^train: loss at local step \d+: expected a finite number, got/);
    await expect(running).rejects.toBeInstanceOf(FedkitError);
  });

  it.each([
    [() => trainer.train(new Float32Array(3), {}, options()), 'SHAPE_MISMATCH'],
    [() => trainer.train(start.with(2, Number.NaN), {}, options()), 'OUT_OF_RANGE'],
    [() => trainer.train(start, { shift: new Float32Array(3) }, options()), 'SHAPE_MISMATCH'],
    [() => trainer.train(start, {}, options({ learningRate: 0 })), 'OUT_OF_RANGE'],
    [() => trainer.gradient(new Float32Array(3)), 'SHAPE_MISMATCH'],
  ])('refuses bad input (%#)', async (act, code) => {
    await expect(act()).rejects.toMatchObject({ code });
  });

  it.each([
    [{ inputs: new Float32Array(5), labels: new Uint8Array(2) }, 'SHAPE_MISMATCH'],
    [{ inputs: new Float32Array(4), labels: Uint8Array.of(0, 2) }, 'OUT_OF_RANGE'],
    [{ inputs: new Float32Array(4), labels: Int32Array.of(0, -1) }, 'OUT_OF_RANGE'],
    [{ inputs: new Float32Array(4), labels: new Uint8Array(2), rows: Uint32Array.of(2) }, 'OUT_OF_RANGE'],
    [{ inputs: new Float32Array(4), labels: new Uint8Array(2), rows: [0] as never }, 'INVALID_ARGUMENT'],
    [{ inputs: new Float32Array(0), labels: new Uint8Array(0) }, 'INVALID_ARGUMENT'],
    [{ inputs: [0, 0] as never, labels: new Uint8Array(1) }, 'INVALID_ARGUMENT'],
  ])('refuses examples that do not fit (%#)', (examples, code) => {
    const classifier = softmaxRegression({ inputs: 2, classes: 2 });
    expect(() => plainTrainer(classifier, examples)).toThrow(expect.objectContaining({ code }));
  });
});
