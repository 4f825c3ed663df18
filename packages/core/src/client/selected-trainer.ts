/**
 * A trainer of a part of a model: the vector that travels holds the selected values alone.
 *
 * @module
 */
import { checkVector, refuse } from '../check.ts';
import { sha256Hex } from '../sha256-hex.ts';
import { checkFinite } from '../finite.ts';
import { Layout } from '../model/layout.ts';
import type { Selection } from '../model/selection.ts';
import type { LocalObjective } from './objective.ts';
import type { LocalBatch, Trainer } from './trainer.ts';

/**
 * The layout of a vector of a selection's values alone: its tensors, or, where only some of their values are selected, one stretch
 * that is named after all places, so that two ends with different masks see that they differ.
 */
export function selectedLayout(selection: Selection): Layout {
  if (selection.whole) return Layout.of(selection.tensors);
  const places = selection.spans.map(({ start, end }) => `${start}-${end}`).join();
  const digest = sha256Hex(`fedkit selection 1\n${selection.layout.digest()}\n${places}`);
  return Layout.of([{ name: `selected ${digest}`, shape: [selection.size] }]);
}

/**
 * A trainer whose parameters are the `selection.size` values of a selection; all others stay as `rest` has them. Algorithms, codecs,
 * sums, clips and noise then see that many values: bytes shrink as the selection does, and a bound on an update bounds what moves.
 * For layer-wise training, freezing, and models with a mask.
 *
 * @param trainer - Of the whole model; it must honour `trainable`.
 * @param rest - Shape [selection.layout.size], copied.
 * @throws FedkitError `SHAPE_MISMATCH` if trainer, selection and rest are not of one size; `INVALID_ARGUMENT` if nothing is selected.
 * @example
 * ```ts
 * import { mlp, plainTrainer, seededRng, selectedTrainer } from '@fedkit/core';
 *
 * const model = mlp({ layers: [4, 8, 2] });
 * const params = model.init(seededRng(1));
 * const top = model.layout.select(({ name }) => name === model.layout.tensors[2].name);
 * const examples = { inputs: new Float32Array(8).fill(1), labels: Uint8Array.of(0, 1) };
 * const trainer = selectedTrainer(plainTrainer(model, examples), top, params);
 * const how = { steps: 2, batchSize: 'all' as const, learningRate: 0.1, rng: seededRng(2) };
 * const { values } = await trainer.train(top.gather(params), {}, how);
 * console.log(values.length, params.length); // => 16 58
 * ```
 */
export function selectedTrainer(trainer: Trainer, selection: Selection, rest: Float32Array): Trainer {
  const whole = selection.layout;
  if (trainer.layout && !trainer.layout.equals(whole)) {
    refuse(
      'SHAPE_MISMATCH',
      'selectedTrainer',
      `a selection of the trainer's ${trainer.layout.size} values`,
      whole.size,
    );
  }
  if (selection.size === 0) refuse('INVALID_ARGUMENT', 'selectedTrainer: selection', 'at least one value', 0);
  const held = checkFinite('selectedTrainer: rest', checkVector('selectedTrainer: rest', rest, whole.size)).slice();
  /** A vector of the whole model, with these values in their places. */
  const spread = (values: Float32Array, others: Float32Array) => selection.scatter(values, others.slice());
  const widen = <T>(value: Float32Array | T, others: Float32Array): Float32Array | T =>
    value instanceof Float32Array ? spread(value, others) : value;
  return {
    layout: selectedLayout(selection),
    async train(start, objective, options) {
      checkVector('train: start', start, selection.size);
      if (objective.trainable) {
        refuse(
          'INVALID_ARGUMENT',
          'selectedTrainer: trainable',
          'an algorithm that trains all it is given',
          'a selection',
        );
      }
      const none = new Float32Array(whole.size);
      const { anchor, proximal, scale, shift } = objective;
      const widened: LocalObjective = {
        trainable: selection,
        ...(anchor && { anchor: spread(anchor, held) }),
        ...(proximal !== undefined && { proximal: widen(proximal, none) }),
        ...(scale !== undefined && { scale: widen(scale, none) }),
        ...(shift && { shift: spread(shift, none) }),
      };
      const result = await trainer.train(spread(start, held), widened, options);
      return { ...result, values: selection.gather(result.values) };
    },
    async gradient(at) {
      checkVector('gradient: at', at, selection.size);
      return selection.gather(await trainer.gradient(spread(at, held)));
    },
    ...(trainer.batches && {
      batches(options) {
        const { examples, each } = (trainer.batches as NonNullable<Trainer['batches']>)(options);
        function* selected(): Generator<LocalBatch, void> {
          for (const batch of each) {
            yield { gradient: async (at) => selection.gather(await batch.gradient(spread(at, held))) };
          }
        }
        return { examples, each: selected() };
      },
    }),
  };
}
