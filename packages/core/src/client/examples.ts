/**
 * Labelled examples in plain typed arrays, shared by as many clients as like without copying.
 *
 * @module
 */
import { checkVector, refuse } from '../check.ts';

/** Examples of a classification task; what a client holds is all of them or the ones in `rows`. */
export interface Examples {
  /** Shape [n, inputs], row-major; over a `SharedArrayBuffer` if threads share it. */
  readonly inputs: Float32Array;
  /** Shape [n], each the index of its class. */
  readonly labels: Uint8Array | Uint16Array | Uint32Array | Int32Array;
  /** Which of the n examples these are; default: all. */
  readonly rows?: Uint32Array;
}

/**
 * Checks examples against a model's sizes and returns the rows they stand in.
 *
 * @throws FedkitError `SHAPE_MISMATCH` if inputs and labels do not go together, `OUT_OF_RANGE` for a label that names no
 * class or a row that names no example, `INVALID_ARGUMENT` for other types or no example at all.
 */
export function checkExamples(where: string, examples: Examples, inputs: number, classes: number): Uint32Array {
  const { inputs: values, labels, rows } = examples;
  checkVector(`${where}: inputs`, values);
  if (!ArrayBuffer.isView(labels) || labels instanceof DataView) {
    refuse('INVALID_ARGUMENT', `${where}: labels`, 'a typed array of class indices', labels);
  }
  if (values.length !== labels.length * inputs) {
    refuse('SHAPE_MISMATCH', `${where}: inputs`, `${labels.length} × ${inputs} values`, values.length);
  }
  if (rows !== undefined && !(rows instanceof Uint32Array)) {
    refuse('INVALID_ARGUMENT', `${where}: rows`, 'a Uint32Array', rows);
  }
  const own = rows ?? Uint32Array.from(labels, (_, row) => row);
  if (own.length === 0) refuse('INVALID_ARGUMENT', where, 'at least one example', own.length);
  for (const row of own) {
    if (row >= labels.length) refuse('OUT_OF_RANGE', `${where}: rows`, `rows < ${labels.length}`, row);
    const label = labels[row];
    if (!(label >= 0 && label < classes && Number.isInteger(label))) {
      refuse('OUT_OF_RANGE', `${where}: labels[${row}]`, `a class in [0, ${classes - 1}]`, label);
    }
  }
  return own;
}
