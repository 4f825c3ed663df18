/**
 * The examples of a client, a batch at a time.
 *
 * @module
 */
import { checkInteger, refuse } from '../check.ts';
import type { Tensor, Tf } from './tf.ts';

/** Local examples that are not tensors yet: made a batch at a time. */
export interface BatchSource {
  /** How many examples there are, ≥ 1. */
  readonly examples: number;
  /** Fresh tensors of the examples `rows`, each in [0, examples); the trainer disposes them. */
  batch(rows: Uint32Array): readonly Tensor[];
}

/** Checks `data` and makes a source of it. */
export function batchSource(tf: Tf, data: readonly Tensor[] | BatchSource): BatchSource {
  if ('batch' in data) {
    checkInteger('tfjsTrainer: data.examples', data.examples, 1);
    return data;
  }
  const examples = data[0]?.shape[0];
  if (!examples) refuse('INVALID_ARGUMENT', 'tfjsTrainer: data', 'tensors with at least one example', examples);
  for (const { shape } of data) {
    if (shape[0] !== examples) refuse('SHAPE_MISMATCH', 'tfjsTrainer: data', `${examples} examples`, shape[0]);
  }
  const tensors = data.map((tensor) => rowsOf(tf, tensor));
  return { examples, batch: (rows) => tensors.map((chosen) => chosen(rows)) };
}

/** Cuts rows out of a tensor. */
function rowsOf(tf: Tf, tensor: Tensor): (rows: Uint32Array) => Tensor {
  const onHost = ['wasm', 'cpu'].includes(tf.getBackend());
  const { shape, dtype } = tensor;
  const width = tensor.size / shape[0];
  let values: Float32Array | Int32Array | Uint8Array | undefined;
  return (rows) => {
    if (!onHost) {
      const chosen = tf.tensor1d(Int32Array.from(rows), 'int32');
      const batch = tf.gather(tensor, chosen);
      chosen.dispose();
      return batch;
    }
    // The wasm backend's gather takes a third of a step's time; a copy in the same memory takes next to nothing.
    values ??= tensor.dataSync<'float32' | 'int32' | 'bool'>();
    const batch = values.slice(0, rows.length * width);
    for (let i = 0; i < rows.length; i++) {
      batch.set(values.subarray(rows[i] * width, (rows[i] + 1) * width), i * width);
    }
    return tf.tensor(batch, [rows.length, ...shape.slice(1)], dtype);
  };
}
