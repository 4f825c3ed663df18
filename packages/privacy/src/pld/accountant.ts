/**
 * The privacy loss distribution accountant, certified on both sides.
 *
 * Sommer, Meiser and Mohammadi 2019; Koskela, Jälkö and Honkela 2020; Gopi, Lee and Wutschitz 2021; Doroshenko et al. 2022.
 *
 * @module
 */
import { checkInteger, checkNumber, checkPositive, refuse } from '@fedkit/core/internal';
import { type Accountant, checkDelta, checkEpsilon, deltaWarnings } from '../accountant.ts';
import { EventLog } from '../event/log.ts';
import type { DpEvent } from '../event/types.ts';
import { checkNeighboring, type Neighboring } from '../neighboring.ts';
import { encodeAccountant } from '../serialize.ts';
import { checkSupported } from '../support.ts';
import { type Bounds, deltaBounds, epsilonBounds, isBelow } from './direction.ts';
import { pairsOfEvent } from './pairs-of-event.ts';
import type { SurveyedPart } from './plan.ts';
import { type Survey, survey } from './survey.ts';
import { truePositiveRate } from './trade-off.ts';

/** Options of {@link pldAccountant}. */
export interface PldOptions {
  /** Required: one noise means different things under different relations. */
  readonly neighboring: Neighboring;
  /**
   * Distance between lattice points of the loss. By default chosen for every question from the composition, and refined
   * until the interval is narrow; fixed, the interval is whatever it gives.
   */
  readonly discretization?: number;
}

/** A certified interval of ε. */
export interface EpsilonBounds {
  /** The dominating pair is not (ε, δ)-private for any ε below this. */
  readonly lower: number;
  /** What was composed is (ε, δ)-differentially private at this. */
  readonly upper: number;
  /** What a reader of the numbers should know besides. */
  readonly warnings: readonly string[];
}

/** An accountant whose numbers come with both sides of a proof. */
export interface PldAccountant extends Accountant {
  readonly kind: 'pld';
  readonly discretization: number | undefined;

  /**
   * Certified bounds of ε at `delta`. Both hold whatever the interval: discretization, truncation, wrap-around and
   * round-off are all counted, the last assuming that the engine's `exp`, `log`, `expm1`, `log1p`, `sin` and `cos` are within 2 ulp.
   * With the default interval the width is at most 1e-3 · max(ε, 1) unless the composition needs more than 2^22 points.
   *
   * @param options - `users`: how many there are, which turns a δ above 1/users into a warning.
   * @throws FedkitError as {@link Accountant.epsilon}.
   * @complexity Milliseconds: about 40 bytes and 200 ns a lattice point, of which there are 10^3 to 10^6.
   */
  epsilonBounds(delta: number, options?: { readonly users?: number }): EpsilonBounds;

  /** Certified bounds of δ at `epsilon` ≥ 0. */
  deltaBounds(epsilon: number): { readonly lower: number; readonly upper: number };

  /**
   * Certified bounds of the largest true positive rate that any test of neighbours has at this false positive rate, in
   * (0, 1): the trade-off curve of hypothesis testing.
   */
  truePositiveRate(falsePositiveRate: number): { readonly lower: number; readonly upper: number };
}

/**
 * An accountant of privacy loss distributions: the tightest there is for what it supports, and certified.
 *
 * @throws FedkitError `INVALID_ARGUMENT` without a relation, `OUT_OF_RANGE` for an interval that is not in (0, 1].
 * @example
 * ```ts
 * import { event, pldAccountant } from '@fedkit/privacy';
 *
 * const accountant = pldAccountant({ neighboring: 'add-or-remove' });
 * accountant.compose(event.poissonSampled(0.01, event.gaussian({ noiseStd: 1, recordNorm: 1 })), 1000);
 * const { lower, upper } = accountant.epsilonBounds(1e-5);
 * console.log(lower.toFixed(3), upper.toFixed(3)); // => 1.828 1.828
 * ```
 */
export function pldAccountant(options: PldOptions): PldAccountant {
  const neighboring = checkNeighboring('pldAccountant: neighboring', options?.neighboring);
  const { discretization } = options;
  if (discretization !== undefined) checkPositive('pldAccountant: discretization', discretization, 1);
  return new Pld(neighboring, discretization);
}

const REMEMBERED = 16;

class Pld implements PldAccountant {
  readonly kind = 'pld' as const;
  readonly neighboring: Neighboring;
  readonly discretization: number | undefined;
  readonly #log = new EventLog('pldAccountant');
  readonly #surveys = new Map<string, readonly Survey[]>();
  readonly #remembered = new Map<number, Bounds>();

  constructor(neighboring: Neighboring, discretization: number | undefined) {
    this.neighboring = neighboring;
    this.discretization = discretization;
  }

  compose(event: DpEvent, count = 1): this {
    this.#log.add(event, count, (leaf) => {
      checkSupported(leaf.event, 'pld', this.neighboring);
      if (!this.#surveys.has(leaf.key)) {
        this.#surveys.set(leaf.key, pairsOfEvent(leaf.event, this.neighboring).map(survey));
      }
    });
    this.#remembered.clear();
    return this;
  }

  epsilon(delta: number): number {
    return this.#epsilonBounds(checkDelta('pldAccountant.epsilon', delta)).upper;
  }

  epsilonBounds(delta: number, options: { readonly users?: number } = {}): EpsilonBounds {
    const where = 'pldAccountant.epsilonBounds';
    checkDelta(where, delta);
    const users = options.users === undefined ? undefined : checkInteger(`${where}: users`, options.users, 1);
    return { ...this.#epsilonBounds(delta), warnings: deltaWarnings(delta, users) };
  }

  delta(epsilon: number): number {
    return this.deltaBounds(epsilon).upper;
  }

  deltaBounds(epsilon: number): Bounds {
    checkEpsilon('pldAccountant.delta', epsilon);
    const [first, second] = this.#directions();
    const bounds = deltaBounds(first, epsilon, this.discretization);
    if (second === undefined || isBelow(second, bounds.lower, epsilon)) return bounds;
    return worst([bounds, deltaBounds(second, epsilon, this.discretization)]);
  }

  truePositiveRate(falsePositiveRate: number): Bounds {
    const where = 'pldAccountant.truePositiveRate: falsePositiveRate';
    checkNumber(where, falsePositiveRate, 1e-250, 1);
    if (falsePositiveRate === 1) return { lower: 1, upper: 1 };
    return worst(this.#directions().map((parts) => truePositiveRate(parts, falsePositiveRate, this.discretization)));
  }

  serialize(): Uint8Array {
    return encodeAccountant(this, this.#log.entries(), this.discretization);
  }

  #epsilonBounds(delta: number): Bounds {
    let bounds = this.#remembered.get(delta);
    if (bounds === undefined) {
      const [first, second] = this.#directions();
      bounds = epsilonBounds(first, delta, this.discretization);
      // The second direction is seldom the worse one; showing that is cheaper than measuring it.
      if (second !== undefined && !isBelow(second, delta, bounds.lower)) {
        bounds = worst([bounds, epsilonBounds(second, delta, this.discretization)]);
      }
      if (this.#remembered.size >= REMEMBERED) this.#remembered.clear();
      this.#remembered.set(delta, bounds);
    }
    return bounds;
  }

  /** One list of parts for each direction of the relation; one alone if every pair is the same in both. */
  #directions(): SurveyedPart[][] {
    const entries = this.#log.entries();
    if (entries.length === 0) refuse('INVALID_ARGUMENT', 'pldAccountant', 'at least one composed event', 'none');
    const surveys = entries.map(({ key }) => this.#surveys.get(key) as readonly Survey[]);
    const directions = surveys.some(({ length }) => length === 2) ? [0, 1] : [0];
    return directions.map((direction) =>
      entries.map(({ count }, i) => ({ survey: surveys[i][direction] ?? surveys[i][0], count })),
    );
  }
}

function worst(bounds: readonly Bounds[]): Bounds {
  return {
    lower: bounds.reduce((max, b) => Math.max(max, b.lower), 0),
    upper: bounds.reduce((max, b) => Math.max(max, b.upper), 0),
  };
}
