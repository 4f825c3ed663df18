/** Gradients against finite differences, for tests. */
import { seededRng } from '@fedkit/core';
import type { LanguageModel } from '../src/model/language-model.ts';
import { languageTrainer, type LanguageTrainerOptions } from '../src/train/trainer.ts';
import type { Windows } from '../src/train/windows.ts';

/**
 * The relative error of every tensor's gradient: its norm against the derivative of the loss along it, by central
 * differences of fourth order. Norms below 1e-3, such as of key biases, which change nothing, count as 1e-3.
 */
export async function directionalErrors(
  model: LanguageModel,
  windows: Windows,
  options: LanguageTrainerOptions = {},
): Promise<[name: string, error: number][]> {
  const rng = seededRng(11);
  const at = model.init(rng);
  // Away from the start, where factors are zero and losses flat.
  for (let i = 0; i < at.length; i++) at[i] += 0.3 * (rng.uniform() - 0.5);
  const gradient = await languageTrainer(model, windows, options).gradient(at);
  return model.layout.tensors.map(({ name, offset, size }) => {
    const own = gradient.subarray(offset, offset + size);
    const norm = Math.sqrt(own.reduce((sum, value) => sum + value * value, 0));
    const step = 0.02;
    const along = (t: number) => {
      const moved = at.slice();
      for (let i = 0; i < size; i++) moved[offset + i] += (t * own[i]) / Math.max(norm, 1e-9);
      return model.evaluate(moved, windows).loss;
    };
    const slope = (8 * (along(step) - along(-step)) - (along(2 * step) - along(-2 * step))) / (12 * step);
    return [name, Math.abs(slope - norm) / Math.max(norm, 1e-3)];
  });
}
