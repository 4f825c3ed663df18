/**
 * How much a text depends on each parameter.
 *
 * @module
 */
import type { LanguageModel } from '../model/language-model.ts';
import { languageTrainer } from '../train/trainer.ts';
import { checkWindows, targetCount, type Windows } from '../train/windows.ts';

/**
 * The diagonal of the empirical Fisher information, shape [layout.size]: the mean over windows, each weighing its targets, of the
 * squared gradient of a window's mean loss. Of several clients the mean by targets is that of all their windows together, so a
 * weighted secure sum makes the federation's. A pass there and back a window.
 *
 * Squared gradients of the targets themselves, not of draws from the model: Kunstner, Balles, Hennig, NeurIPS 2019,
 * https://arxiv.org/abs/1905.12558, say where the two differ.
 *
 * @returns The information, and the targets it was taken over: its weight.
 * @throws FedkitError as `languageTrainer`.
 */
export async function diagonalFisher(
  model: LanguageModel,
  params: Float32Array,
  windows: Windows,
): Promise<{ fisher: Float32Array; targets: number }> {
  const rows = checkWindows('diagonalFisher', windows, model.shape.vocabulary, model.context);
  const { length } = windows;
  const sum = new Float64Array(model.layout.size);
  const targets = targetCount(windows, rows);
  for (const row of rows) {
    const weight = targetCount(windows, Uint32Array.of(row));
    if (weight === 0) continue;
    const part = {
      length,
      tokens: windows.tokens.slice(row * length, (row + 1) * length),
      targets: windows.targets.slice(row * length, (row + 1) * length),
    };
    const gradient = await languageTrainer(model, part).gradient(params);
    for (let i = 0; i < gradient.length; i++) sum[i] += (weight / targets) * gradient[i] * gradient[i];
  }
  return { fisher: Float32Array.from(sum), targets };
}
