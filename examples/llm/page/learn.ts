/**
 * How a visitor's text is learned: the same bytes in any engine.
 *
 * @module
 */
import { seededRng } from '@fedkit/core';
import { adamW, type LanguageModel, languageTrainer, type Windows } from '@fedkit/llm';

/** Tokens of a window, where the model has room for them. */
export const LENGTH = 64;
/** Windows of a step. */
export const BATCH = 4;

/**
 * Trains a copy of `params`, step by step, so that others have their turns.
 *
 * @param onStep - Told how many steps are done.
 */
export async function learn(
  model: LanguageModel,
  params: Float32Array,
  windows: Windows,
  how: { readonly steps: number; readonly learningRate: number },
  onStep: (done: number) => void,
): Promise<Float32Array> {
  // Moments are kept from one step to the next.
  const trainer = languageTrainer(model, windows, { optimizer: adamW({ maxNorm: 1, moments: 'kept' }) });
  const rng = seededRng(1);
  let now = params;
  for (let step = 1; step <= how.steps; step++) {
    const { values } = await trainer.train(
      now,
      {},
      { steps: 1, batchSize: BATCH, learningRate: how.learningRate, rng },
    );
    now = now.map((value, i) => value + values[i]);
    onStep(step);
  }
  return now;
}
