/**
 * PEFT's names and the order of a base's rows.
 *
 * @module
 */
import type { DecoderShape } from '../model/shape.ts';

/** What PEFT puts in front of the model's own names. */
export const PREFIX = 'base_model.model.';

/**
 * Rows of a tensor with one row an output of q or k, in the order of Hugging Face's checkpoints. A base from GGUF keeps the
 * values that turn together as neighbours; checkpoints have them half a head apart.
 *
 * @param values - Shape [outputs, width].
 * @param to - `checkpoint` from the base's order, `base` back to it.
 */
export function reordered(
  shape: DecoderShape,
  name: string,
  values: Float32Array,
  outputs: number,
  to: 'checkpoint' | 'base',
): Float32Array {
  // What has no row an output, such as A, is the same in both.
  if (shape.rotaryPairs === 'halves' || !/[qk]_proj\./.test(name) || outputs % shape.headWidth !== 0) return values;
  const width = values.length / outputs;
  const half = shape.headWidth / 2;
  const result = new Float32Array(values.length);
  for (let row = 0; row < outputs; row++) {
    const [head, within] = [row - (row % shape.headWidth), row % shape.headWidth];
    const paired = head + (within >> 1) + (within % 2) * half;
    const [from, into] = to === 'checkpoint' ? [row, paired] : [paired, row];
    result.set(values.subarray(from * width, (from + 1) * width), into * width);
  }
  return result;
}

/** Whether a tensor has one row an output of its product. */
export function hasOutputRows(name: string): boolean {
  return /\.lora_B\.weight$|\.lora_magnitude_vector(\.weight)?$|\.ia3_l$/.test(name);
}
