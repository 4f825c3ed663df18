// Canaries that each sit on one parameter which no real example touches: what that parameter does is noise, plus the
// canary if it took part.
import type { Examples, PlainModel, Rng } from '@fedkit/core';

/** Canaries, each with its parameter and whether its coin let it take part. */
export interface Canaries {
  /** The parameter that canary i moves. */
  readonly parameters: Uint32Array;
  readonly present: Uint8Array;
}

/** One canary for each of up to `most` parameters in `untouched`, present by fair coins. */
export function flipCoins(untouched: Uint32Array, most: number, coins: Rng): Canaries {
  const parameters = untouched.subarray(0, most);
  return { parameters, present: Uint8Array.from(parameters, () => coins.below(2)) };
}

/** The weights of a softmax regression that belong to inputs which are 0 in every example. */
export function untouchedParameters(model: PlainModel, { inputs, labels, rows }: Examples): Uint32Array {
  const live = new Uint8Array(model.inputs);
  for (const row of rows ?? labels.keys()) {
    for (let i = 0; i < model.inputs; i++) if (inputs[row * model.inputs + i] !== 0) live[i] = 1;
  }
  const { offset } = model.layout.tensor('layers.0.weight');
  const found: number[] = [];
  live.forEach((touched, input) => {
    if (touched === 0) for (let c = 0; c < model.classes; c++) found.push(offset + input * model.classes + c);
  });
  return Uint32Array.from(found);
}

/** Canaries' scores apart: what moved the parameters of those that were in, and of those that were out. */
export function splitScores(
  canaries: Canaries,
  scoreOf: (parameter: number) => number,
): { inScores: number[]; outScores: number[] } {
  const scores = { inScores: [] as number[], outScores: [] as number[] };
  canaries.parameters.forEach((parameter, i) => {
    (canaries.present[i] === 1 ? scores.inScores : scores.outScores).push(scoreOf(parameter));
  });
  return scores;
}
