/**
 * Sensitivity of an aggregate, derived from how it is formed.
 *
 * What a user adds to a sum is at most the weight cap times the clip. A mean is that over its divisor, which must not
 * itself depend on who takes part: the expected total weight is public, the realized one is data.
 *
 * @module
 */
import { checkInteger, checkOptions, checkPositive, type OptionNames, refuse } from '@fedkit/core/internal';
import type { GaussianEvent, Made } from '../event/types.ts';
import { event } from '../event/event.ts';
import { checkNeighboring, distanceFactor, type Neighboring } from '../neighboring.ts';

/** Every update counts once. */
export interface UniformWeighting {
  readonly kind: 'uniform';
}

/** Updates count by a weight of their own, such as their number of examples, cut at `maxWeight`. */
export interface CappedWeighting {
  readonly kind: 'capped';
  readonly maxWeight: number;
}

/** The sum itself is released. */
export interface NoDivisor {
  readonly kind: 'none';
}

/** A constant fixed before anyone takes part, such as probability · population · expected weight. */
export interface PublicDivisor {
  readonly kind: 'public';
  readonly expectedTotalWeight: number;
}

/** The number of updates that arrived: public only where neighbours have equally many, and every update counts once. */
export interface RealizedDivisor {
  readonly kind: 'realized';
  readonly participants: number;
}

/** An aggregate whose sensitivity is known. A weighted sum without a cap, or a divisor that is data, does not compile. */
export type Aggregate =
  | {
      readonly neighboring: Neighboring;
      /** L2 norm every update is clipped to, before weighting; > 0. */
      readonly clipNorm: number;
      readonly weighting: UniformWeighting | CappedWeighting;
      readonly divisor: NoDivisor | PublicDivisor;
    }
  | {
      readonly neighboring: 'replace-one' | 'replace-special';
      readonly clipNorm: number;
      readonly weighting: UniformWeighting;
      readonly divisor: RealizedDivisor;
    };

const AGGREGATE: OptionNames<Aggregate> = { neighboring: true, clipNorm: true, weighting: true, divisor: true };

/**
 * The L2 norm of what one user adds to the released aggregate: weight cap · clip / divisor.
 *
 * @throws FedkitError `INVALID_ARGUMENT` for a weighting without a cap, an aggregate without a clip, a realized total as
 * divisor under add-or-remove or of a weighted sum; `OUT_OF_RANGE` for numbers that are not finite and > 0.
 */
export function recordNormOf(aggregate: Aggregate): number {
  const where = 'sensitivity';
  checkOptions(where, aggregate, AGGREGATE);
  const { clipNorm, weighting, divisor } = aggregate;
  const neighboring = checkNeighboring(`${where}: neighboring`, aggregate.neighboring);
  if (clipNorm === undefined) {
    refuse('INVALID_ARGUMENT', `${where}: clipNorm`, 'a clip, without which noise protects nobody', clipNorm);
  }
  checkPositive(`${where}: clipNorm`, clipNorm);
  const weight = weightCap(where, weighting);
  switch (divisor?.kind) {
    case 'none':
      return weight * clipNorm;
    case 'public':
      return (weight * clipNorm) / checkPositive(`${where}: expectedTotalWeight`, divisor.expectedTotalWeight);
    case 'realized':
      if (neighboring === 'add-or-remove') {
        refuse(
          'INVALID_ARGUMENT',
          `${where}: divisor`,
          'a public constant: under add-or-remove the realized total tells who took part',
          divisor.kind,
        );
      }
      if (weighting.kind !== 'uniform') {
        refuse('INVALID_ARGUMENT', `${where}: divisor`, 'a public constant: realized weights are data', divisor.kind);
      }
      return clipNorm / checkInteger(`${where}: participants`, divisor.participants, 1);
    default:
      return refuse('INVALID_ARGUMENT', `${where}: divisor`, "'none', 'public' or 'realized'", divisor);
  }
}

/** How far the released aggregate moves between neighbours: the record's norm, twice it under replace-one. */
export function sensitivityOf(aggregate: Aggregate): number {
  return recordNormOf(aggregate) * distanceFactor(aggregate.neighboring);
}

/** The event of releasing `aggregate` once with Gaussian noise of standard deviation `noiseStd`, in its own unit. */
export function gaussianRelease(aggregate: Aggregate, noiseStd: number): Made<GaussianEvent> {
  return event.gaussian({ noiseStd, recordNorm: recordNormOf(aggregate) });
}

function weightCap(where: string, weighting: UniformWeighting | CappedWeighting): number {
  if (weighting?.kind === 'uniform') return 1;
  if (weighting?.kind !== 'capped') {
    refuse(
      'INVALID_ARGUMENT',
      `${where}: weighting`,
      "'uniform' or 'capped'",
      (weighting as { kind?: unknown } | undefined)?.kind,
    );
  }
  if (weighting.maxWeight === undefined) {
    refuse(
      'INVALID_ARGUMENT',
      `${where}: weighting`,
      'a cap on weights, without which the sum has no sensitivity',
      'none',
    );
  }
  return checkPositive(`${where}: maxWeight`, weighting.maxWeight);
}
