/**
 * Noise of a release that also spends on learning its clip.
 *
 * @module
 */
import { checkOptions, type OptionNames, checkPositive, refuse } from '@fedkit/core/internal';

/**
 * The noise to put on the values so that, together with a noised count of unclipped updates, one round costs as much as
 * `noiseStd` on the values alone: with z = noiseStd / clipNorm, (z⁻² − (2·countStd)⁻²)^(−½) · clipNorm. The count, of
 * b − ½ with b in {0, 1}, has sensitivity ½.
 *
 * @param options - `noiseStd` > 0 and `clipNorm` > 0 in the same unit; `countStd` > noiseStd / (2·clipNorm) on the count.
 * @throws FedkitError `OUT_OF_RANGE` for anything not finite and > 0, or for a count whose noise alone costs more.
 * @see Andrew, Thakkar, McMahan and Ramaswamy, "Differentially Private Learning with Adaptive Clipping", NeurIPS 2021, Theorem 1.
 */
export function adaptiveClipNoiseStd(options: {
  readonly noiseStd: number;
  readonly clipNorm: number;
  readonly countStd: number;
}): number {
  checkOptions('adaptiveClipNoiseStd', options, {
    noiseStd: true,
    clipNorm: true,
    countStd: true,
  } satisfies OptionNames<typeof options>);
  const where = 'adaptiveClipNoiseStd';
  const clipNorm = checkPositive(`${where}: clipNorm`, options.clipNorm);
  const ratio = checkPositive(`${where}: noiseStd`, options.noiseStd) / clipNorm;
  const countStd = checkPositive(`${where}: countStd`, options.countStd);
  if (ratio >= 2 * countStd) {
    refuse('OUT_OF_RANGE', `${where}: countStd`, `more than noiseStd / (2·clipNorm) = ${0.5 * ratio}`, countStd);
  }
  // As a share of the noise, so that no square leaves float64.
  const share = ratio / (2 * countStd);
  const noiseStd = options.noiseStd / Math.sqrt((1 - share) * (1 + share));
  if (!Number.isFinite(noiseStd)) refuse('OUT_OF_RANGE', `${where}: noiseStd`, 'noise within float64', noiseStd);
  return noiseStd;
}
