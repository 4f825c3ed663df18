/**
 * Gaussian noise on a record of random norm (Choquette-Choo, Ganesh, Steinke and Thakurta 2024).
 *
 * @module
 */
import { checkNumber, checkPositive, refuse } from '@fedkit/core/internal';
import { mixturePairs } from '../../pld/mixture-pair.ts';
import { JOINING_TIGHT, NONE, type SupportRow } from '../../support.ts';
import { checkFields, checkList, checkRatio, type Fields } from '../check-fields.ts';
import { type EventKind, made } from '../kind.ts';
import type { Made, MixtureOfGaussiansEvent } from '../types.ts';

/** @internal */
export const MIXTURE_ROW: SupportRow = { event: 'mixture-of-gaussians', pld: JOINING_TIGHT, rdp: NONE };

/**
 * One release of a sum with Gaussian noise, where a record adds one of several norms by chance.
 *
 * @param options - `noiseStd` > 0, `norms` ≥ 0 and their `probabilities`, which sum to 1.
 * @throws FedkitError `OUT_OF_RANGE`, `INVALID_ARGUMENT`.
 */
export function mixtureOfGaussians(options: Fields<MixtureOfGaussiansEvent>): Made<MixtureOfGaussiansEvent> {
  const where = 'event.mixtureOfGaussians';
  checkFields<MixtureOfGaussiansEvent>(where, options, { noiseStd: true, norms: true, probabilities: true });
  const noiseStd = checkPositive(`${where}: noiseStd`, options.noiseStd);
  const norms = checkList(`${where}: norms`, options.norms, 1024).map((n, i) =>
    checkNumber(`${where}: norms[${i}]`, n, 0),
  );
  const probabilities = checkList(`${where}: probabilities`, options.probabilities, 1024).map((p, i) =>
    checkNumber(`${where}: probabilities[${i}]`, p, 0, 1),
  );
  if (norms.length !== probabilities.length) {
    refuse('SHAPE_MISMATCH', `${where}: probabilities`, `one for each of ${norms.length} norms`, probabilities.length);
  }
  const total = probabilities.reduce((sum, p) => sum + p, 0);
  if (Math.abs(total - 1) > 1e-12) refuse('OUT_OF_RANGE', `${where}: probabilities`, 'a sum of 1 within 1e-12', total);
  const largest = norms.reduce((m, norm, i) => (probabilities[i] > 0 ? Math.max(m, norm) : m), 0);
  if (largest === 0) refuse('INVALID_ARGUMENT', `${where}: norms`, 'a norm > 0 with probability > 0', largest);
  checkRatio(where, noiseStd, largest);
  return made(MIXTURE_OF_GAUSSIANS, { kind: 'mixture-of-gaussians', noiseStd, norms, probabilities });
}

/** @internal */
export const MIXTURE_OF_GAUSSIANS: EventKind<MixtureOfGaussiansEvent> = {
  check: mixtureOfGaussians,
  known: ({ noiseStd, norms, probabilities }) => ({
    row: MIXTURE_ROW,
    pairs: () =>
      mixturePairs(
        norms.map((norm) => norm / noiseStd),
        probabilities,
      ),
    ratio: () => norms.reduce((most, norm, i) => (probabilities[i] > 0 ? Math.max(most, norm) : most), 0) / noiseStd,
  }),
};
