/**
 * Clients of different ranks in one federation.
 *
 * @module
 */
import type { Layout, LocalResult, Trainer } from '@fedkit/core';
import { checkVector, refuse } from '@fedkit/core/internal';
import type { LanguageModel } from '../model/language-model.ts';
import { type FactorPlace, pairOf, placesOf, scaleOf } from './factors.ts';

/**
 * A client of a lower rank than the server's model, as a trainer over the server's parameters: it takes the first r_k
 * columns of every B and rows of every A, trains those, and answers with the others at zero. Its scale s_k stands inside.
 *
 * Under {@link flexLora} and {@link florist} the server's columns are singular directions, the largest first, so that what
 * a client takes is the best adapter of its rank (Bai et al. 2024, §3.2), and what it answers is s_k·B_k·A_k to
 * float32. Under `fedAvg()` zeros of small clients weigh on the columns that they lack (Cho et al. 2024,
 * https://arxiv.org/abs/2401.06432, §3.2, pads so).
 *
 * @param trainer - Over `own`'s parameters, such as `languageTrainer(own, windows)`.
 * @param own - The client's model.
 * @param server - The server's: the same products at a rank at least as high.
 * @throws FedkitError `INVALID_ARGUMENT` for models that are not LoRA or rsLoRA with both factors trained,
 * `SHAPE_MISMATCH` for other products or a rank above the server's.
 */
export function lowerRankTrainer(trainer: Trainer, own: LanguageModel, server: LanguageModel): Trainer {
  const where = 'lowerRankTrainer';
  const factor = scaleOf(server) / scaleOf(own);
  const places = placesOf(where, server.layout);
  if (JSON.stringify(placesOf(where, own.layout)) !== JSON.stringify(places)) {
    refuse('SHAPE_MISMATCH', where, "adapters of the server's products", 'others');
  }
  if (rankOf(own) > rankOf(server))
    refuse('SHAPE_MISMATCH', `${where}: rank`, `at most ${rankOf(server)}`, rankOf(own));
  const down = (params: Float32Array) => resized(places, server.layout, params, own.layout, factor);
  const up = (params: Float32Array) => resized(places, own.layout, params, server.layout, 1 / factor);
  return {
    layout: server.layout,
    async train(start, objective, options): Promise<LocalResult> {
      checkVector(`${where}: start`, start, server.layout.size);
      const { shift, trainable, proximal, anchor, scale = 1 } = objective;
      if (shift || trainable || proximal || anchor || scale !== 1) {
        refuse(
          'INVALID_ARGUMENT',
          `${where}: objective`,
          'the plain loss: corrections are of the whole adapter',
          'another',
        );
      }
      const low = down(start);
      const { values, ...rest } = await trainer.train(low, objective, options);
      const trained = up(low.map((value, i) => value + values[i]));
      return { ...rest, values: trained.map((value, i) => value - start[i]) };
    },
    async gradient(at) {
      checkVector(`${where}: at`, at, server.layout.size);
      // dB of the server is dB_k · s/s_k, since B_k = B · s/s_k.
      return resized(places, own.layout, await trainer.gradient(down(at)), server.layout, factor);
    },
  };
}

function rankOf({ adaptation }: LanguageModel): number {
  return adaptation.settings.rank as number;
}

/** The factors at another rank: cut, or with zeros; B times `factor`. */
function resized(
  places: readonly FactorPlace[],
  from: Layout,
  values: Float32Array,
  to: Layout,
  factor: number,
): Float32Array {
  const found = new Float32Array(to.size);
  for (const { path, outputs } of places) {
    const [source, target] = [pairOf(from, values, path), pairOf(to, found, path)];
    const rank = source.b.length / outputs;
    const other = target.b.length / outputs;
    target.a.set(source.a.subarray(0, Math.min(source.a.length, target.a.length)));
    for (let i = 0; i < outputs; i++) {
      for (let j = 0; j < Math.min(rank, other); j++) target.b[i * other + j] = factor * source.b[i * rank + j];
    }
  }
  return found;
}
