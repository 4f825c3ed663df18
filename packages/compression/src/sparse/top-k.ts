/**
 * Sparsifiers that keep what is large.
 *
 * @module
 */
import type { Bounded, Contraction, Guaranteed } from '@fedkit/core/codec';
import { checkOptions, type OptionNames, checkInteger, checkNumber, checkPositive } from '@fedkit/core/internal';
import { codebook } from '../quantize/codebook.ts';
import type { Sparsifier } from '../quantize/quantizer.ts';
import { scaledSign } from '../quantize/sign.ts';
import type { StagedCodec } from '../stage/codec.ts';
import { keptOf } from './kept.ts';
import { pipe } from './pipe.ts';
import { largest } from './select.ts';
import { type Keeps, sparsifier } from './sparse-stage.ts';

/**
 * The largest magnitudes, exactly k = round(density · d) of them, at least 1; of equal ones those of lower index. O(d).
 * Biased; a contraction with factor 1 − k/d: use it with {@link errorFeedback} (Stich, Cordonnier, Jaggi, NeurIPS 2018).
 *
 * @param options.density - In (0, 1].
 */
export function topK(options: { readonly density: number }): Sparsifier & Guaranteed<Contraction> {
  checkOptions('topK', options, { density: true } satisfies OptionNames<typeof options>);
  const density = checkPositive('topK: density', options.density, 1);
  const places = (size: number) => keptOf(size, density);
  return sparsifier((values) => largest(values, places(values.length)), {
    places,
    // A zero is chosen after everything else.
    share: (size, count) => (count < places(size) ? 1 : places(size) / Math.max(1, size)),
  });
}

/**
 * In every run of `chunk` values the `keep` largest magnitudes, in proportion in a last shorter run: spreads the support
 * over the whole model, and needs no pass over all of it.
 *
 * @param options.keep - 64 by default, of `chunk`, 4096 by default.
 */
export function chunkedTopK(
  options: { readonly keep?: number; readonly chunk?: number } = {},
): Sparsifier & Guaranteed<Contraction> {
  checkOptions('chunkedTopK', options, { keep: true, chunk: true } satisfies OptionNames<typeof options>);
  const chunk = checkInteger('chunkedTopK: chunk', options.chunk ?? 4096, 1, 2 ** 24);
  const keep = checkInteger('chunkedTopK: keep', options.keep ?? 64, 1, chunk);
  const keptOfRun = (run: number) => (run === 0 ? 0 : keptOf(run, keep / chunk));
  const keeps: Keeps = {
    places: (size) => Math.floor(size / chunk) * keep + keptOfRun(size % chunk),
    // The run that keeps least decides.
    share(size) {
      const rest = size % chunk;
      return Math.min(size < chunk ? 1 : keep / chunk, rest === 0 ? 1 : keptOfRun(rest) / rest);
    },
  };
  return sparsifier((values) => {
    const places = new Uint32Array(Math.ceil(values.length / chunk) * keep);
    let next = 0;
    for (let start = 0; start < values.length; start += chunk) {
      const end = Math.min(start + chunk, values.length);
      const found = largest(values, keptOf(end - start, keep / chunk), start, end);
      places.set(found, next);
      next += found.length;
    }
    return places.subarray(0, next);
  }, keeps);
}

/**
 * Every value of at least this magnitude: the error of each coordinate stays below it.
 *
 * @param options.magnitude - ≥ 0, in the values' unit. At 0 everything but zeros is kept.
 */
export function threshold(options: { readonly magnitude: number }): Sparsifier & Guaranteed<Bounded> {
  checkOptions('threshold', options, { magnitude: true } satisfies OptionNames<typeof options>);
  const magnitude = checkNumber('threshold: magnitude', options.magnitude, 0);
  const codec = sparsifier((values) => {
    const places = new Uint32Array(values.length);
    let next = 0;
    for (let i = 0; i < values.length; i++) if (Math.abs(values[i]) >= magnitude) places[next++] = i;
    return places.slice(0, next);
  });
  return { ...codec, guarantee: { kind: 'bounded', error: magnitude, range: Infinity } };
}

/**
 * Sparse ternary compression: the top k, each as sign times the mean magnitude of the k. Sattler, Wiedemann, Müller,
 * Samek, "Robust and Communication-Efficient Federated Learning from Non-IID Data", IEEE TNNLS 2020, algorithm 1. Wants
 * {@link errorFeedback} on the clients and a {@link downlink} on the server.
 *
 * @param options.density - In (0, 1]: 1/25, 1/100 and 1/400 in the paper.
 */
export function stc(options: { readonly density: number }): StagedCodec<'perClient'> & Guaranteed<Contraction> {
  checkOptions('stc', options, { density: true } satisfies OptionNames<typeof options>);
  checkPositive('stc: density', options.density, 1);
  const delta = (size: number) => {
    const k = keptOf(Math.max(1, size), options.density);
    // ‖x_K‖₁²/(k·‖x‖²): least where one value stands alone, or where all are alike.
    return Math.min(1 / k, k / Math.max(1, size));
  };
  return { ...pipe(topK(options), scaledSign()), guarantee: { kind: 'contraction', delta, pathwise: true } };
}

/**
 * The profile of SparseLoCo (Sarfi et al., arXiv:2508.15706): the 64 largest of every 4096, two bits a value. Wants
 * `errorFeedback(sparseLoCo(), { decay: 0.95 })`.
 */
export function sparseLoCo(
  options: { readonly keep?: number; readonly chunk?: number; readonly bits?: number } = {},
): StagedCodec<'perClient'> & Guaranteed<Contraction> {
  checkOptions('sparseLoCo', options, { keep: true, chunk: true, bits: true } satisfies OptionNames<typeof options>);
  const { bits = 2, ...places } = options;
  return pipe(chunkedTopK(places), codebook({ bits }));
}
