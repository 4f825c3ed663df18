/**
 * The mask that a layers model's output has in a call: TensorFlow.js asks the last layer for it and drops it.
 *
 * @module
 */
import type { LayersModel } from './layers-model.ts';
import type { Tensor, Tf } from './tf.ts';

type ComputeMask = (inputs: unknown, mask?: unknown) => unknown;

/**
 * Calls `use`, in which the model is applied, and gives what it gives, with the mask of the model's output: 0 where a position is masked;
 * `undefined` where the output has no mask. The mask is the caller's to dispose.
 */
export function withOutputMask<T>(
  tf: Pick<Tf, 'keep'>,
  model: LayersModel,
  use: () => T,
): { readonly result: T; readonly mask: Tensor | undefined } {
  const layer = model.outputs[0].sourceLayer as { computeMask?: ComputeMask } | undefined;
  const asked = layer?.computeMask;
  if (layer === undefined || typeof asked !== 'function') return { result: use(), mask: undefined };
  const own = Object.hasOwn(layer, 'computeMask');
  let mask: Tensor | undefined;
  layer.computeMask = function (this: unknown, inputs, given) {
    const found = asked.call(this, inputs, given);
    const first = (Array.isArray(found) ? found[0] : found) as Tensor | null | undefined;
    mask?.dispose();
    // tfjs disposes masks as the call ends: a clone shares the values and stays.
    mask = first ? tf.keep(first.clone()) : undefined;
    return found;
  };
  try {
    return { result: use(), mask };
  } catch (error) {
    mask?.dispose();
    throw error;
  } finally {
    if (own) layer.computeMask = asked;
    else delete layer.computeMask;
  }
}
