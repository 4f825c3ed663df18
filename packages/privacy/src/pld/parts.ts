/**
 * One direction of a composition: surveyed pairs with counts.
 *
 * @module
 */
import { refuse } from '@fedkit/core/internal';
import { gaussianPair } from './gaussian-pair.ts';
import type { SurveyedPart } from './plan.ts';
import type { Bounds } from './single.ts';
import { cutSurvey, survey } from './survey.ts';
import { expm1, log1p } from '../special/elementary.ts';

/** The largest finite loss of the composition. */
export function mostLoss(parts: readonly SurveyedPart[]): number {
  return parts.reduce((sum, part) => sum + part.count * part.survey.pair.maximum, 0);
}

/** δ at an ε that no finite loss reaches. */
export function onlyInfinity(parts: readonly SurveyedPart[]): Bounds {
  const log = parts.reduce((sum, part) => sum + part.count * log1p(-part.survey.pair.infinity), 0);
  const infinity = -expm1(log);
  return { lower: infinity * (1 - 2 ** -40), upper: Math.min(infinity * (1 + 2 ** -40), 1) };
}

/** @throws FedkitError `OUT_OF_RANGE` for a δ at which no ε is finite. */
export function checkMass(parts: readonly SurveyedPart[], delta: number): void {
  const infinity = onlyInfinity(parts).upper;
  if (delta > infinity || (infinity === 0 && mostLoss(parts) < Infinity)) return;
  refuse(
    'OUT_OF_RANGE',
    'pldAccountant',
    `δ above ${infinity}, the probability of an infinite loss or of none that is bounded, below which no ε is finite`,
    delta,
    { delta, infinity },
  );
}

/** The one pair of a composition of one, if it is that. */
export function isSingle(parts: readonly SurveyedPart[]): boolean {
  return parts.length === 1 && parts[0].count === 1;
}

/** All Gaussian parts as one: n of them are one of √n times the ratio, and squares of ratios add up. */
export function mergeGaussians(parts: readonly SurveyedPart[]): SurveyedPart[] {
  const ratios = parts.map((part) => part.survey.pair.gaussianRatio);
  const gaussian = parts.filter((_, i) => ratios[i] !== undefined);
  if (gaussian.length === 0 || (gaussian.length === 1 && gaussian[0].count === 1)) return [...parts];
  const square = gaussian.reduce((sum, part) => sum + part.count * (part.survey.pair.gaussianRatio as number) ** 2, 0);
  return [
    ...parts.filter((_, i) => ratios[i] === undefined),
    { survey: survey(gaussianPair(Math.sqrt(square))), count: 1 },
  ];
}

/** How many releases are composed. */
export function roundsOf(parts: readonly { readonly count: number }[]): number {
  return parts.reduce((sum, { count }) => sum + count, 0);
}

/** Parts without the losses that a question at exp(logDelta) has no use for. */
export function cutParts(parts: readonly SurveyedPart[], logDelta: number): SurveyedPart[] {
  const total = roundsOf(parts);
  return parts.map((part) => ({ survey: cutSurvey(part.survey, logDelta, total), count: part.count }));
}
