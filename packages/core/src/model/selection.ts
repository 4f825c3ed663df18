/**
 * A part of a model: the tensors that are trained, sent or kept local.
 *
 * @module
 */
import { checkVector } from '../check.ts';
import type { Layout, PlacedTensor } from './layout.ts';

/** A stretch [start, end) of the flat vector. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * Some values of a {@link Layout}, in the layout's order. `layout.select(filter)` selects whole tensors, and
 * `Layout.of(selection.tensors)` is then the layout of a vector that holds them alone; {@link selectPlaces} selects value by
 * value. Immutable.
 */
export class Selection {
  readonly layout: Layout;
  /** Every tensor of which something is selected. */
  readonly tensors: readonly PlacedTensor[];
  /** Number of values selected. */
  readonly size: number;
  /** The selected values as maximal stretches of the full vector, ascending. */
  readonly spans: readonly Span[];
  /** Whether every tensor is selected whole or not at all. */
  readonly whole: boolean;

  /** @param spans - Default: the tensors, whole. */
  constructor(layout: Layout, tensors: readonly PlacedTensor[], spans: readonly Span[] = spansOf(tensors)) {
    this.layout = layout;
    this.tensors = Object.freeze([...tensors]);
    this.spans = Object.freeze(spans);
    this.size = spans.reduce((sum, { start, end }) => sum + end - start, 0);
    this.whole = this.size === tensors.reduce((sum, { size }) => sum + size, 0);
  }

  /**
   * Copies the selected values out of a full vector, shape [layout.size] → [size].
   *
   * @throws FedkitError `SHAPE_MISMATCH` if `values` has another length than the layout.
   */
  gather(values: Float32Array): Float32Array {
    checkVector('selection.gather: values', values, this.layout.size);
    const part = new Float32Array(this.size);
    let next = 0;
    for (const { start, end } of this.spans) {
      part.set(values.subarray(start, end), next);
      next += end - start;
    }
    return part;
  }

  /**
   * Writes `part`, shape [size], into the selected places of `values`, shape [layout.size]; the rest stays as it was.
   *
   * @throws FedkitError `SHAPE_MISMATCH` if either has another length; `values` is then untouched.
   */
  scatter(part: Float32Array, values: Float32Array): Float32Array {
    checkVector('selection.scatter: part', part, this.size);
    checkVector('selection.scatter: values', values, this.layout.size);
    let next = 0;
    for (const { start, end } of this.spans) {
      values.set(part.subarray(next, next + end - start), start);
      next += end - start;
    }
    return values;
  }
}

function spansOf(tensors: readonly PlacedTensor[]): Span[] {
  const spans: { start: number; end: number }[] = [];
  for (const { offset, size } of tensors) {
    const last = spans[spans.length - 1];
    if (last?.end === offset) last.end += size;
    else if (size > 0) spans.push({ start: offset, end: offset + size });
  }
  return spans;
}
