/**
 * The affine correction of a local gradient, on the backend.
 *
 * @module
 */
import type { LocalObjective } from '../client/objective.ts';
import type { PlacedTensor } from '../model/layout.ts';
import type { Tensor, Tf, Variable } from './tf.ts';

/** Corrects one variable's gradient. */
export interface Correction {
  /** To be called within `tf.tidy`. */
  apply(gradient: Tensor, variable: Variable): Tensor;
  dispose(): void;
}

/** Puts one variable's part of `objective` on the backend. */
export function correction(
  tf: Tf,
  objective: LocalObjective,
  start: Float32Array,
  { offset, size, shape }: PlacedTensor,
): Correction {
  const { scale = 1, proximal = 0, anchor = start, shift } = objective;
  const tensors: Tensor[] = [];
  const upload = (values: Float32Array) => {
    // A copy, because a backend may keep the array it is given.
    const tensor = tf.tensor(values.slice(offset, offset + size), [...shape]);
    tensors.push(tensor);
    return tensor;
  };
  const factor = (value: number | Float32Array) => (typeof value === 'number' ? value : upload(value));
  const by = scale === 1 ? undefined : factor(scale);
  const pull = proximal === 0 ? undefined : { by: factor(proximal), towards: upload(anchor) };
  const push = shift && upload(shift);
  return {
    apply(gradient, variable) {
      let corrected = by === undefined ? gradient : tf.mul(gradient, by);
      if (pull) corrected = tf.add(corrected, tf.mul(tf.sub(variable, pull.towards), pull.by));
      return push ? tf.add(corrected, push) : corrected;
    },
    dispose: () => tf.dispose(tensors),
  };
}
