/**
 * The privacy loss distribution accountant, certified on both sides.
 *
 * Sommer, Meiser and Mohammadi 2019; Koskela, Jälkö and Honkela 2020; Gopi, Lee and Wutschitz 2021; Doroshenko et al. 2022.
 *
 * @module
 */
import { checkOptions, type OptionNames, checkInteger, checkPositive, refuse } from '@fedkit/core/internal';
import { type Accountant, checkDelta, checkEpsilon, deltaWarnings } from '../accountant.ts';
import { EventLog } from '../event/log.ts';
import type { DpEvent } from '../event/types.ts';
import { checkNeighboring, type Neighboring } from '../neighboring.ts';
import { encodeAccountant } from '../serialize.ts';
import { Composition } from './composition.ts';
import { pairsOfEvent } from './pairs-of-event.ts';
import type { Bounds } from './single.ts';
import { type Survey, survey } from './survey.ts';
import { runTask, type Task } from './task.ts';

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
   * round-off are all counted, the last assuming IEEE 754 arithmetic alone. Every engine answers the same bits.
   * The width is at most 1e-3 · max(ε, 1), or a warning says what it is. Never above {@link rdpAccountant}'s bound.
   *
   * @param delta - In [1e-250, 1); 0 too where no loss is infinite or unbounded.
   * @param options - `users`: how many there are, which turns a δ above 1/users into a warning.
   * @throws FedkitError as {@link Accountant.epsilon}.
   * @complexity Milliseconds; seconds from a million rounds on. About 60 bytes and 150 ns a lattice point, of which
   * there are 10^3 to 4·10^6.
   */
  epsilonBounds(delta: number, options?: { readonly users?: number }): EpsilonBounds;

  /** Certified bounds of δ at `epsilon` ≥ 0. */
  deltaBounds(epsilon: number): { readonly lower: number; readonly upper: number };
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
  checkOptions('pldAccountant', options, { neighboring: true, discretization: true } satisfies OptionNames<
    typeof options
  >);
  const neighboring = checkNeighboring('pldAccountant: neighboring', options?.neighboring);
  const { discretization } = options;
  if (discretization !== undefined) checkPositive('pldAccountant: discretization', discretization, 1);
  return new Pld(neighboring, discretization);
}

/** @throws FedkitError `INVALID_ARGUMENT` for what {@link pldAccountant} did not make. */
export function checkPld(where: string, accountant: PldAccountant): Pld {
  if (!(accountant instanceof Pld)) {
    refuse('INVALID_ARGUMENT', `${where}: accountant`, 'what pldAccountant made', accountant);
  }
  return accountant;
}

const REMEMBERED = 16;
const PROMISED_WIDTH = 1e-3;

/** What {@link pldAccountant} makes, for functions that ask more of it. */
export class Pld implements PldAccountant {
  readonly kind = 'pld' as const;
  readonly neighboring: Neighboring;
  readonly discretization: number | undefined;
  readonly #log = new EventLog('pldAccountant');
  readonly #surveys = new Map<string, readonly Survey[]>();
  readonly #remembered = new Map<number, Bounds>();
  #composition: Composition | undefined;

  constructor(neighboring: Neighboring, discretization: number | undefined) {
    this.neighboring = neighboring;
    this.discretization = discretization;
  }

  compose(event: DpEvent, count = 1): this {
    this.#log.add(event, count, (leaf) => {
      if (!this.#surveys.has(leaf.key)) {
        this.#surveys.set(leaf.key, pairsOfEvent(leaf.event, this.neighboring).map(survey));
      }
    });
    this.#remembered.clear();
    this.#composition = undefined;
    return this;
  }

  epsilon(delta: number): number {
    checkPldDelta('pldAccountant.epsilon', delta);
    const composition = this.compositionOrNothing();
    if (composition === undefined) return 0;
    return this.#remembered.get(delta)?.upper ?? runTask(composition.epsilonUpper(delta));
  }

  epsilonBounds(delta: number, options: { readonly users?: number } = {}): EpsilonBounds {
    const where = 'pldAccountant.epsilonBounds';
    checkOptions(where, options, { users: true });
    const users = checkQuestion(where, delta, options);
    return this.stated(runTask(this.epsilonTask(delta)), delta, users);
  }

  delta(epsilon: number): number {
    return this.deltaBounds(epsilon).upper;
  }

  deltaBounds(epsilon: number): Bounds {
    checkEpsilon('pldAccountant.delta', epsilon);
    const composition = this.compositionOrNothing();
    return composition === undefined ? { lower: 0, upper: 0 } : runTask(composition.deltaBounds(epsilon));
  }

  serialize(): Uint8Array {
    return encodeAccountant(this, this.#log.entries(), this.discretization);
  }

  *epsilonTask(delta: number): Task<Bounds> {
    const composition = this.compositionOrNothing();
    if (composition === undefined) return { lower: 0, upper: 0 };
    let bounds = this.#remembered.get(delta);
    if (bounds === undefined) {
      bounds = yield* composition.epsilonBounds(delta);
      // The accountant may have been composed further meanwhile.
      if (composition === this.#composition) {
        if (this.#remembered.size >= REMEMBERED) this.#remembered.clear();
        this.#remembered.set(delta, bounds);
      }
    }
    return bounds;
  }

  stated({ lower, upper }: Bounds, delta: number, users: number | undefined): EpsilonBounds {
    const warnings = deltaWarnings(delta, users);
    if (this.discretization === undefined && upper - lower > PROMISED_WIDTH * Math.max(upper, 1)) {
      warnings.push(
        `ε is known within ${(upper - lower).toPrecision(2)}, not to ${PROMISED_WIDTH} of max(ε, 1): float64 or the 2^22 lattice points that are allowed do not give more here`,
      );
    }
    return { lower, upper, warnings };
  }

  compositionOrNothing(): Composition | undefined {
    const entries = this.#log.entries();
    if (entries.length === 0) return undefined;
    const surveysOf = (key: string) => this.#surveys.get(key) as readonly Survey[];
    this.#composition ??= new Composition(entries, surveysOf, this.neighboring, this.discretization);
    return this.#composition;
  }
}

/** Checks a question of ε, and gives how many users there are. */
export function checkQuestion(where: string, delta: number, options: { readonly users?: number }): number | undefined {
  checkPldDelta(where, delta);
  return options.users === undefined ? undefined : checkInteger(`${where}: users`, options.users, 1);
}

/** δ = 0 is a question too: pure mechanisms have an answer. */
function checkPldDelta(where: string, delta: number): void {
  if (delta !== 0) checkDelta(where, delta);
}
