import { fedAvg, fedNova, scaffold, seededRng, type TrainOptions } from '@fedkit/core';
import { complementOf } from '@fedkit/core/extend';
import { describe, expect, it } from 'vitest';
import { lora } from '../adapt/lora.ts';
import { adapt, transformer } from '../model/transformer.ts';
import { freeze } from '../quantize/freeze.ts';
import { adamW, cosineSchedule, linearWarmUp, sgd } from './optimizer.ts';
import { languageTrainer } from './trainer.ts';
import { tokenWindows } from './windows.ts';

const model = transformer({ vocabulary: 20, width: 16, layers: 1, heads: 2, context: 16 });
const start = model.init(seededRng(1));
const text = (seed: number, length = 60) => Array.from({ length }, (_, i) => (i * i + seed * i) % 20);
const windows = tokenWindows([text(1)], { length: 12 });
const how = (more: Partial<TrainOptions> = {}): TrainOptions =>
  ({
    steps: 3,
    batchSize: 2,
    learningRate: 0.01,
    rng: seededRng(5),
    ...more,
  }) as TrainOptions;

describe('languageTrainer', () => {
  it('learns a text by heart', async () => {
    const trainer = languageTrainer(model, windows, { optimizer: adamW() });
    const { values } = await trainer.train(start, {}, how({ steps: 150 }));
    const after = start.map((value, i) => value + values[i]);
    expect(model.evaluate(start, windows).loss).toBeGreaterThan(2.5);
    expect(model.evaluate(after, windows).loss).toBeLessThan(0.5);
  });

  it('weighs a client by its targets, and states the loss at the start if asked', async () => {
    const trainer = languageTrainer(model, tokenWindows([{ tokens: text(1), from: 41 }], { length: 12 }));
    expect((await trainer.train(start, {}, how())).examples).toBe(19);
    expect(await trainer.train(start, {}, how())).not.toHaveProperty('lossAtStart');
    const measured = await languageTrainer(model, windows).train(start, {}, how({ lossAtStart: true }));
    expect(measured.lossAtStart).toBeCloseTo(model.evaluate(start, windows).loss, 10);
  });

  it('takes a batch as the mean over its targets, whatever the windows hold of them', async () => {
    const uneven = tokenWindows([text(1, 13), text(2, 5)], { length: 12 });
    const gradient = await languageTrainer(model, uneven).gradient(start);
    const parts = await Promise.all(
      [text(1, 13), text(2, 5)].map((tokens) =>
        languageTrainer(model, tokenWindows([tokens], { length: 12 })).gradient(start),
      ),
    );
    gradient.forEach((value, i) =>
      expect(Math.abs(value - (12 * parts[0][i] + 4 * parts[1][i]) / 16)).toBeLessThan(1e-6),
    );
  });

  it('steps as AdamW says: equations in double precision', async () => {
    const options = { beta1: 0.8, beta2: 0.95, epsilon: 1e-6, weightDecay: 0.1, schedule: linearWarmUp(2) };
    const trainer = languageTrainer(model, windows, { optimizer: adamW(options) });
    const { values, normalizer } = await trainer.train(start, {}, how({ batchSize: 'all' }));
    const reference = languageTrainer(model, windows);
    const w = Float64Array.from(start);
    const [m, v] = [new Float64Array(w.length), new Float64Array(w.length)];
    for (let t = 1; t <= 3; t++) {
      const g = await reference.gradient(Float32Array.from(w));
      const eta = 0.01 * Math.min(1, t / 2);
      for (let i = 0; i < w.length; i++) {
        m[i] = 0.8 * m[i] + 0.2 * g[i];
        v[i] = 0.95 * v[i] + 0.05 * g[i] ** 2;
        w[i] -= eta * (m[i] / (1 - 0.8 ** t) / (Math.sqrt(v[i] / (1 - 0.95 ** t)) + 1e-6) + 0.1 * w[i]);
      }
    }
    const worst = values.reduce((most, value, i) => Math.max(most, Math.abs(start[i] + value - w[i])), 0);
    expect(worst).toBeLessThan(3e-4);
    // Where |g| is far above rounding, the agreement is to float32.
    const close = values.filter((value, i) => Math.abs(start[i] + value - w[i]) < 2e-6).length;
    expect(close / values.length).toBeGreaterThan(0.9);
    expect(normalizer).toBeCloseTo(2.5, 12);
  });

  it('with kept moments makes two rounds one long one; with fresh ones it does not', async () => {
    const run = async (moments: 'fresh' | 'kept', rounds: number) => {
      const trainer = languageTrainer(model, windows, { optimizer: adamW({ moments, schedule: linearWarmUp(5) }) });
      let at = start;
      for (let round = 0; round < rounds; round++) {
        const { values } = await trainer.train(at, {}, how({ steps: 4 / rounds, batchSize: 'all' }));
        at = at.map((value, i) => value + values[i]);
      }
      return at;
    };
    const [one, two, fresh] = [await run('kept', 1), await run('kept', 2), await run('fresh', 2)];
    const distance = (a: Float32Array, b: Float32Array) => Math.max(...a.map((value, i) => Math.abs(value - b[i])));
    expect(distance(one, two)).toBeLessThan(1e-5);
    expect(distance(one, fresh)).toBeGreaterThan(1e-3);
  });

  it('goes on from a stored state as if it had never stopped', async () => {
    const optimizer = adamW({ moments: 'kept', schedule: cosineSchedule({ warmUp: 2, total: 9, floor: 0.1 }) });
    const straight = languageTrainer(model, windows, { optimizer });
    await straight.train(start, {}, how());
    const restarted = languageTrainer(model, windows, { optimizer });
    restarted.restore(structuredClone(straight.state()));
    expect(straight.state().steps).toBe(3);
    const [a, b] = await Promise.all([straight.train(start, {}, how()), restarted.train(start, {}, how())]);
    expect(a.values).toEqual(b.values);
  });

  it('comes to the same bytes however trainings of one base interleave', async () => {
    const frozen = freeze(model, start, { kind: 'q8_0' });
    const small = adapt(frozen, lora({ rank: 2, targets: 'all-linear' }));
    const large = adapt(frozen, lora({ rank: 5, targets: ['q_proj'] }));
    const clients = [small, large, small].map((own, i) =>
      languageTrainer(own, tokenWindows([text(i + 1)], { length: 12 }), { optimizer: adamW({ moments: 'kept' }) }),
    );
    const starts = [small, large, small].map((own) => own.init(seededRng(8)));
    const alone: Float32Array[] = [];
    for (const [i, client] of clients.entries())
      alone.push((await client.train(starts[i], {}, how({ steps: 40 }))).values);
    for (const client of clients) client.restore({ steps: 0 });
    const together = await Promise.all(clients.map((client, i) => client.train(starts[i], {}, how({ steps: 40 }))));
    together.forEach(({ values }, i) => expect(values).toEqual(alone[i]));
  });

  it('moves what is trainable, alone, also under weight decay', async () => {
    const trainable = model.layout.select(({ name }) => name.includes('mlp'));
    const trainer = languageTrainer(model, windows, { optimizer: adamW({ weightDecay: 0.5 }) });
    const { values } = await trainer.train(start, { trainable }, how());
    const still = complementOf(trainable).gather(values);
    expect(still.every((value) => value === 0)).toBe(true);
    expect(trainable.gather(values).some((value) => value !== 0)).toBe(true);
  });

  it('moves what is trainable as it moves among everything', async () => {
    const trainable = model.layout.select(({ name }) => name.includes('mlp'));
    const step = async (objective: object) =>
      (await languageTrainer(model, windows, { optimizer: adamW() }).train(start, objective, how({ steps: 1 }))).values;
    expect(trainable.spans[0].start).toBeGreaterThan(0);
    expect(trainable.gather(await step({ trainable }))).toEqual(trainable.gather(await step({})));
  });

  it('bounds the norm of a step', async () => {
    const take = async (maxNorm?: number) =>
      languageTrainer(model, windows, { optimizer: adamW({ ...(maxNorm && { maxNorm }), epsilon: 1 }) }).train(
        start,
        {},
        how({ steps: 1, batchSize: 'all' }),
      );
    const [free, bound] = [await take(), await take(1e-3)];
    const norm = (values: Float32Array) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
    // With ε = 1 a first step is nearly η·g.
    expect(norm(bound.values)).toBeLessThan(1.01e-3 * 0.01);
    expect(norm(free.values)).toBeGreaterThan(1e-4);
  });

  it('serves FedAvg and FedNova, and refuses what corrects single gradients unless it is SGD', async () => {
    const options = how();
    const algorithms = [fedAvg(), fedNova()];
    for (const algorithm of algorithms) {
      const trainer = languageTrainer(model, windows, { optimizer: adamW() });
      const broadcast = { params: start };
      const report = await (algorithm as ReturnType<typeof fedAvg>).clientRound({ broadcast, trainer, options });
      expect(report.contribution.weight).toBe(59);
    }
    const shifted = scaffold();
    const state = shifted.init(start);
    const round = (trainer: ReturnType<typeof languageTrainer>) =>
      shifted.clientRound({ broadcast: shifted.broadcast(state), trainer, options, state: undefined as never });
    await expect(round(languageTrainer(model, windows, { optimizer: adamW() }))).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
    await expect(round(languageTrainer(model, windows, { optimizer: sgd() }))).resolves.toBeDefined();
  });

  it('is as before after an abort', async () => {
    const trainer = languageTrainer(model, windows, { optimizer: adamW({ moments: 'kept' }) });
    await trainer.train(start, {}, how());
    const before = structuredClone(trainer.state());
    const controller = new AbortController();
    const stopped = trainer.train(start, {}, how({ steps: 1e6, signal: controller.signal }));
    setTimeout(() => controller.abort(), 20);
    await expect(stopped).rejects.toMatchObject({ code: 'ABORTED' });
    expect(trainer.state()).toEqual(before);
  });

  it.each([
    ['a start of another length', () => new Float32Array(3), {}, 'SHAPE_MISMATCH'],
    ['a start that is not finite', () => start.map((value, i) => (i === 9 ? Number.NaN : value)), {}, 'OUT_OF_RANGE'],
    ['a learning rate that leaves the numbers', () => start, { learningRate: 1e30 }, 'OUT_OF_RANGE'],
    ['momentum beside AdamW', () => start, { momentum: 0.5 }, 'INVALID_ARGUMENT'],
  ])('refuses %s', async (_, at, more, code) => {
    const trainer = languageTrainer(model, windows, { optimizer: adamW() });
    await expect(trainer.train(at(), {}, how(more))).rejects.toMatchObject({ code });
    expect(trainer.state().steps).toBe(0);
  });

  it.each([
    ['a token outside the vocabulary', [[1, 20]], 12, 'OUT_OF_RANGE'],
    ['windows longer than the context', [[1, 2]], 17, 'OUT_OF_RANGE'],
  ])('refuses %s before training', (_, texts, length, code) => {
    expect(() => languageTrainer(model, tokenWindows(texts, { length }))).toThrowError(
      expect.objectContaining({ code }),
    );
  });
});

describe('tokenWindows', () => {
  it('makes every token but the first a target, once', () => {
    const { tokens, targets } = tokenWindows([[1, 2, 3, 4, 5], [6], [7, 8]], { length: 3 });
    expect([...tokens]).toEqual([1, 2, 3, 4, 0, 0, 7, 0, 0]);
    expect([...targets]).toEqual([2, 3, 4, 5, -1, -1, 8, -1, -1]);
  });

  it('refuses texts without a target', () => {
    expect(() => tokenWindows([[1], []], { length: 3 })).toThrowError(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
  });
});

describe('memory', () => {
  it('is stated before it is taken, and less with checkpoints', () => {
    const deep = transformer({ vocabulary: 20, width: 16, layers: 8, heads: 2, context: 64 });
    const need = (checkpoint: boolean) => deep.memory({ batch: 8, length: 64, checkpoint }).workspace;
    expect(need(true)).toBeLessThan(0.35 * need(false));
    const fresh = transformer({ vocabulary: 20, width: 16, layers: 8, heads: 2, context: 64 });
    const before = fresh.network.base.memory.bytes.length;
    fresh.evaluate(fresh.init(seededRng(1)), tokenWindows([text(1, 65)], { length: 64 }));
    const grown = fresh.network.base.memory.bytes.length - before;
    expect(grown).toBeLessThan(fresh.memory({ batch: 1, length: 64, training: false }).workspace + 65_536);
  });

  it('that the engine does not have is refused by name, before training', async () => {
    const long = transformer({ vocabulary: 20, width: 4, layers: 1, heads: 2, context: 1 << 15 });
    const trainer = languageTrainer(long, tokenWindows([text(1, 40_000)], { length: 1 << 15 }));
    const trained = trainer.train(long.init(seededRng(1)), {}, how());
    await expect(trained).rejects.toMatchObject({ code: 'BUDGET_EXHAUSTED' });
    expect(() => long.network.base.memory.keep(5e9)).toThrowError(
      expect.objectContaining({ code: 'BUDGET_EXHAUSTED' }),
    );
  });
});
