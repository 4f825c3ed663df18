// What phones and server agree on. Change it, and start the server on a new folder.
import { mlp, type PlainModel } from '@fedkit/core/client/mlp';

/** Numbers that describe an example. */
export const FEATURES = 2;
/** What an example may be. */
export const LABELS = ['below', 'above'] as const;
export type Label = (typeof LABELS)[number];

export interface Example {
  readonly features: readonly number[];
  readonly label: Label;
}

export const model: PlainModel = mlp({ layers: [FEATURES, 8, LABELS.length] });

/** Examples as a trainer takes them. */
export function examplesOf(examples: readonly Example[]): { inputs: Float32Array; labels: Uint8Array } {
  return {
    inputs: Float32Array.from(examples.flatMap(({ features }) => features)),
    labels: Uint8Array.from(examples, ({ label }) => LABELS.indexOf(label)),
  };
}
