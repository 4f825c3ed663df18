/**
 * The laws of a {@link Trainer}: what algorithms build on.
 *
 * @module
 */
import { checkOptions, type OptionNames } from '../check.ts';
import type { LocalObjective } from '../client/objective.ts';
import type { LocalTraining, Trainer, TrainOptions } from '../client/trainer.ts';
import { Layout } from '../model/layout.ts';
import { seededRng } from '../random.ts';
import { sameBits } from './bits.ts';
import { ensure, ensureRejected, type Law } from './law.ts';

/** How a trainer is tried. */
export interface TrainerSetup {
  /** A trainer over some examples; the same ones with every call. */
  create(): Trainer | Promise<Trainer>;
  /** Where training starts, shape [d]: finite. */
  readonly start: Float32Array;
  /** How it trains; default two steps of all examples at a rate of 0.05. Few steps: laws train some twenty times. */
  readonly options?: LocalTraining;
  /** Relative error of what closed forms say, as of float32 and the engine's arithmetic; default 1e-4. */
  readonly tolerance?: number;
  /** Whether training twice from the same stream gives the same bits; default true. */
  readonly repeatable?: boolean;
}

/** Trains from the start, by the corrected gradient, on what may move; changes nothing else, and stops when asked. */
export function trainerLaws(setup: TrainerSetup): Law[] {
  checkOptions('trainerLaws', setup, {
    create: true,
    start: true,
    options: true,
    tolerance: true,
    repeatable: true,
  } satisfies OptionNames<typeof setup>);
  const { start, tolerance = 1e-4, repeatable = true } = setup;
  const options: LocalTraining = setup.options ?? { steps: 2, batchSize: 'all', learningRate: 0.05 };
  const size = start.length;
  const { learningRate: rate } = options;
  const { epochs: _epochs, ...withoutLength } = options;
  const train = async (objective: LocalObjective = {}, how: Partial<TrainOptions> = {}, from = start) => {
    const base = how.steps === undefined ? options : withoutLength;
    const whole = { ...base, rng: seededRng('trainer'), ...how } as TrainOptions;
    return (await setup.create()).train(from, objective, whole);
  };
  const some = (label: string): Float32Array => {
    const rng = seededRng(label);
    return Float32Array.from({ length: size }, () => rng.uniform() - 0.5);
  };
  const close = (found: Float32Array, expected: (i: number) => number, what: string): void => {
    let scale = 1e-12;
    for (let i = 0; i < size; i++) scale = Math.max(scale, Math.abs(expected(i)));
    found.forEach((value, i) =>
      ensure(Math.abs(value - expected(i)) <= tolerance * scale, `${what}: ${expected(i)} at ${i}, got ${value}`),
    );
  };
  return [
    {
      name: 'a result is a finite update with its steps and examples, and the start stays as it was',
      async run() {
        const before = start.slice();
        const { values, steps, examples, lossAtStart } = await train();
        ensure(values instanceof Float32Array && values.length === size, `${size} values`);
        ensure(values.every(Number.isFinite), 'finite values');
        ensure(Number.isSafeInteger(steps) && steps >= 1, 'a whole number of steps');
        ensure(Number.isSafeInteger(examples) && examples >= 1, 'a whole number of examples');
        if (options.steps !== undefined) ensure(steps === options.steps, `${options.steps} steps, got ${steps}`);
        ensure(lossAtStart === undefined || Number.isFinite(lossAtStart), 'a finite loss, or none');
        ensure(sameBits(start, before), 'the start as it was');
      },
    },
    {
      name: 'the same stream gives the same bits, whatever was trained before',
      async run() {
        if (!repeatable) return;
        const trainer = await setup.create();
        const once = await trainer.train(start, {}, { ...options, rng: seededRng(1) });
        await trainer.train(some('elsewhere'), {}, { ...options, rng: seededRng(2) });
        const again = await trainer.train(start, {}, { ...options, rng: seededRng(1) });
        ensure(sameBits(again.values, once.values), 'the same update');
      },
    },
    {
      name: 'gradient is that of the uncorrected loss: one step against it is one step of training',
      async run() {
        const trainer = await setup.create();
        const gradient = await trainer.gradient(start);
        ensure(gradient.length === size && gradient.every(Number.isFinite), `a finite gradient of ${size} values`);
        const { values } = await train({}, { steps: 1, batchSize: 'all', momentum: 0 });
        close(values, (i) => -rate * gradient[i], 'one step');
        ensure(sameBits(await trainer.gradient(start), gradient) || !repeatable, 'the same gradient twice');
      },
    },
    {
      name: 'batches, where there are any, are those of training: a step against the gradient of each is training',
      async run() {
        const trainer = await setup.create();
        if (!trainer.batches || (options.momentum ?? 0) !== 0) return;
        const { values, steps, examples } = await trainer.train(start, {}, { ...options, rng: seededRng(3) });
        const batches = trainer.batches({ ...options, rng: seededRng(3) });
        ensure(batches.examples === examples, `${examples} examples, got ${batches.examples}`);
        const at = start.slice();
        let count = 0;
        for (const batch of batches.each) {
          const gradient = await batch.gradient(at);
          for (let i = 0; i < size; i++) at[i] -= rate * gradient[i];
          count++;
        }
        ensure(count === steps, `${steps} batches, got ${count}`);
        close(values, (i) => at[i] - start[i], 'the update');
      },
    },
    {
      name: 'scale, shift and proximal correct the gradient as the objective says',
      async run() {
        const how = { steps: 3, momentum: 0 };
        const shift = some('shift');
        close((await train({ scale: 0, shift }, how)).values, (i) => -3 * rate * shift[i], 'three steps of a shift');
        const anchor = some('anchor');
        const shrink = (1 - rate) ** 3;
        const pulled = await train({ scale: 0, proximal: 1, anchor }, how);
        close(pulled.values, (i) => (1 - shrink) * (anchor[i] - start[i]), 'three steps towards an anchor');
        const weights = some('weights').map((value) => value + 1);
        const drawn = await train({ scale: new Float32Array(size), proximal: weights, anchor }, { ...how, steps: 1 });
        close(drawn.values, (i) => rate * weights[i] * (anchor[i] - start[i]), 'a vector of weights');
      },
    },
    {
      name: 'only what may move moves, and trains as it would',
      async run() {
        const { layout = two(size) } = await setup.create();
        const { tensors } = layout;
        if (tensors.length < 2) return;
        const moving = tensors[tensors.length - 1];
        const trainable = layout.select(({ name }) => name === moving.name);
        const shift = new Float32Array(size).fill(0.25);
        const { values } = await train({ scale: 0, shift, trainable }, { steps: 1, momentum: 0 });
        const still = (i: number) => i < moving.offset || i >= moving.offset + moving.size;
        ensure(
          values.every((value, i) => value === 0 || !still(i)),
          'zeros where nothing may move',
        );
        close(values, (i) => (still(i) ? 0 : -rate * 0.25), 'one step of what moves');
      },
    },
    {
      name: 'vectors of another length are SHAPE_MISMATCH',
      async run() {
        await ensureRejected('a longer start', ['SHAPE_MISMATCH'], () => train({}, {}, new Float32Array(size + 1)));
        await ensureRejected('a longer point', ['SHAPE_MISMATCH'], async () =>
          (await setup.create()).gradient(new Float32Array(size + 1)),
        );
      },
    },
    {
      name: 'an aborted training rejects with ABORTED, and the next is as if it had not been',
      async run() {
        const trainer = await setup.create();
        const gone = new AbortController();
        gone.abort();
        const how = { ...options, rng: seededRng(1) };
        const before = await trainer.train(start, {}, how);
        await ensureRejected('a training after the abort', ['ABORTED'], () =>
          trainer.train(start, {}, { ...how, rng: seededRng(1), signal: gone.signal }),
        );
        const after = await trainer.train(start, {}, { ...how, rng: seededRng(1) });
        ensure(!repeatable || sameBits(after.values, before.values), 'the same update as before');
      },
    },
  ];
}

/** A layout of two halves, where the trainer knows none. */
function two(size: number): Layout {
  const half = size >> 1;
  return Layout.of(
    half === 0 ? [] : [['a', half] as const, ['b', size - half] as const].map(([name, d]) => ({ name, shape: [d] })),
  );
}
