/**
 * TensorFlow.js variables as one flat vector.
 *
 * @module
 */
import { checkVector, refuse } from '../check.ts';
import { Layout } from '../model/layout.ts';
import type { Tf, Variable } from './tf.ts';

/**
 * The layout of variables in their order, by their names and shapes.
 *
 * @throws FedkitError `INVALID_ARGUMENT` for none, or for one that is not float32 or not trainable.
 */
export function variablesLayout(variables: readonly Variable[]): Layout {
  if (!Array.isArray(variables) || variables.length === 0) {
    refuse('INVALID_ARGUMENT', 'variables', 'at least one tf.Variable', variables);
  }
  for (const { name, dtype, trainable } of variables as readonly Variable[]) {
    if (dtype !== 'float32') refuse('INVALID_ARGUMENT', `variables: ${name}`, 'float32', dtype);
    if (!trainable) refuse('INVALID_ARGUMENT', `variables: ${name}`, 'a trainable variable', 'one that is not');
  }
  return Layout.of(variables.map(({ name, shape }) => ({ name, shape })));
}

/** Reads variables into one vector, shape [d], the first variable first. */
export async function readVariables(variables: readonly Variable[]): Promise<Float32Array> {
  const parts = await Promise.all(variables.map((variable) => variable.data<'float32'>()));
  const values = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let next = 0;
  for (const part of parts) {
    values.set(part, next);
    next += part.length;
  }
  return values;
}

/**
 * Writes a vector, shape [d], into variables: a new global model into the application's network.
 *
 * @throws FedkitError `SHAPE_MISMATCH` if `values` has another length; the variables are then untouched.
 */
export function writeVariables(
  tf: Pick<Tf, 'tensor' | 'tidy'>,
  variables: readonly Variable[],
  values: Float32Array,
): void {
  checkVector(
    'writeVariables: values',
    values,
    variables.reduce((sum, { size }) => sum + size, 0),
  );
  tf.tidy(() => {
    let next = 0;
    for (const variable of variables) {
      variable.assign(tf.tensor(values.slice(next, next + variable.size), variable.shape));
      next += variable.size;
    }
  });
}
