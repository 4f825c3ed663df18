/**
 * What the private pipelines ask of an accountant's ledger, and which sampling they may count on.
 *
 * Two observers. The **server** sees who takes part: nothing is amplified, and a client pays for the rounds of its own.
 * **Recipients** see models alone: a client hides among those who could have been drawn, as the scheme that was really used
 * allows, and no further.
 *
 * @module
 */
import { SerialQueue } from '../serial-queue.ts';
import type { ClientId } from '../aggregate/contract.ts';
import { checkInteger, refuse } from '../check.ts';
import { isFedkitError } from '../errors.ts';
import type { Selector } from '../select/contract.ts';
import type { FixedSampling, PoissonSampling, SamplingScheme } from '../select/sampling-scheme.ts';
import type { PipelineFacts, RoundFacts } from './contract.ts';

/** A release, as `@fedkit/privacy` describes it: plain data that its accountants know. */
export interface PrivacyEvent {
  readonly kind: string;
}

/** One release on record. */
export interface PrivacyCharge {
  readonly event: PrivacyEvent;
  readonly round?: number;
  readonly realized?: {
    /** The run whose round it was: another run's release is another release, whatever else they share. */
    readonly run?: string;
    readonly reported?: number;
    readonly participants?: readonly ClientId[];
  };
}

/**
 * A budget against one observer, asked before anything is released: `privacyLedger` of `@fedkit/privacy`, opened with
 * `composition: 'own-rounds'` for the server.
 */
export interface PrivacyFilter {
  readonly budget: { readonly epsilon: number; readonly delta: number };
  readonly identity: {
    readonly neighboring: string;
    readonly maxParticipations?: number;
    readonly minSeparation?: number;
  };
  /** ε of everything charged, at the budget's δ. */
  spent(): number;
  /** Whether charging `event` would take ε above the budget. @throws FedkitError `UNSUPPORTED_EVENT`. */
  wouldExceed(event: PrivacyEvent): boolean;
  /** @throws FedkitError `BUDGET_EXHAUSTED`, nothing being charged. */
  charge(charge: PrivacyCharge): Promise<void>;
  /** What was charged under this number of a round, in order; empty for a round that was not. */
  charged(round: number): readonly PrivacyCharge[];
}

/** What amplifies against recipients. Only what `scheme` really was may be claimed. */
export type AccountingOf<K extends SamplingScheme> = K extends PoissonSampling
  ? 'poisson' | 'none'
  : K extends FixedSampling
    ? 'without-replacement' | 'none'
    : 'none';

/** How cohorts are drawn, and what of it is counted on. */
export interface SelectionOptions<K extends SamplingScheme> {
  /** Who draws the cohorts; its type decides which `accounting` compiles. */
  readonly selection?: Selector<K>;
  /** Default: what each round's scheme and the filter's relation allow. */
  readonly accounting?: AccountingOf<K>;
}

/** Filters by observer. */
export interface Filters {
  readonly server?: PrivacyFilter;
  readonly recipients?: PrivacyFilter;
}

/** Charges a round's release to both observers, once. */
export class Accounting {
  readonly #where: string;
  readonly #filters: Filters;
  readonly #accounting: string | undefined;
  readonly #queue = new SerialQueue();

  /** @throws FedkitError `INVALID_ARGUMENT` for an amplification that the selection or a filter rules out. */
  constructor(where: string, filters: Filters | undefined, options: SelectionOptions<SamplingScheme>) {
    this.#where = where;
    this.#filters = filters ?? {};
    this.#accounting = options.accounting;
    const { server, recipients } = this.#filters;
    for (const [name, filter] of Object.entries(this.#filters)) checkFilter(`${where}: filters.${name}`, filter);
    if (server !== undefined && recipients !== undefined && server.budget.delta !== recipients.budget.delta) {
      refuse('INVALID_ARGUMENT', `${where}: filters`, 'one δ for both observers', recipients.budget.delta);
    }
    const { accounting, selection } = options;
    if (accounting === undefined) return;
    const needed = NEEDED[accounting as keyof typeof NEEDED] as SamplingScheme['kind'] | 'any' | undefined;
    if (needed === undefined) {
      refuse('INVALID_ARGUMENT', `${where}: accounting`, "'poisson', 'without-replacement' or 'none'", accounting);
    }
    if (needed === 'any') return;
    if (selection?.scheme !== undefined && selection.scheme !== needed) this.#mismatch(needed, selection.scheme);
    const { neighboring, maxParticipations, minSeparation } = recipients?.identity ?? {};
    if (accounting === 'without-replacement' && neighboring !== undefined && neighboring !== 'replace-one') {
      refuse('INVALID_ARGUMENT', `${where}: accounting`, "a recipients' filter under replace-one for it", neighboring);
    }
    if (maxParticipations !== undefined || minSeparation !== undefined) {
      refuse(
        'INVALID_ARGUMENT',
        `${where}: accounting`,
        "'none': a cap on participations makes draws depend on each other",
        accounting,
      );
    }
  }

  /**
   * Charges `event` for what `participants` gave in this round, to each observer that it was not yet charged to.
   *
   * @throws FedkitError `BUDGET_EXHAUSTED` if either budget does not cover it: nothing may be released then.
   */
  charge(facts: RoundFacts, event: PrivacyEvent, participants: readonly ClientId[]): Promise<void> {
    // In turn: of two calls at once the second must see what the first has stored.
    return this.#queue.run(() => this.#charge(facts, event, participants));
  }

  async #charge(facts: RoundFacts, event: PrivacyEvent, participants: readonly ClientId[]): Promise<void> {
    const { server, recipients } = this.#filters;
    const round = checkInteger(`${this.#where}: facts.round`, facts.round);
    const sorted = [...participants].sort();
    const { run } = facts;
    const realized = { ...(run !== undefined && { run }), reported: sorted.length, participants: sorted };
    const sampled = recipients === undefined ? event : this.#sampled(recipients, facts.scheme, event);
    if (
      recipients !== undefined &&
      !isCharged(recipients, { round, event: sampled, realized }) &&
      recipients.wouldExceed(sampled)
    ) {
      const { epsilon, delta } = recipients.budget;
      refuse(
        'BUDGET_EXHAUSTED',
        `${this.#where}: recipients`,
        `ε at most ${epsilon} at δ = ${delta}`,
        `a round more than ${recipients.spent()}`,
      );
    }
    if (server !== undefined && !isCharged(server, { round, event, realized })) {
      await server.charge({ event, round, realized });
    }
    if (recipients !== undefined && !isCharged(recipients, { round, event: sampled, realized })) {
      await recipients.charge({ event: sampled, round, realized });
    }
  }

  /** ε so far, by observer. */
  facts(): Pick<PipelineFacts, 'epsilon'> {
    const { server, recipients } = this.#filters;
    const one = server ?? recipients;
    if (one === undefined) return {};
    return {
      epsilon: {
        delta: one.budget.delta,
        ...(server !== undefined && { server: server.spent() }),
        ...(recipients !== undefined && { recipients: recipients.spent() }),
      },
    };
  }

  /** The event as recipients see it: amplified by what the cohort's scheme allows. */
  #sampled(filter: PrivacyFilter, scheme: SamplingScheme, event: PrivacyEvent): PrivacyEvent {
    const accounting = this.#accounting;
    if (accounting === 'none') return event;
    const needed = accounting === undefined ? undefined : NEEDED[accounting as 'poisson' | 'without-replacement'];
    if (needed !== undefined && scheme.kind !== needed) this.#mismatch(needed, scheme.kind);
    const { neighboring, maxParticipations, minSeparation } = filter.identity;
    if (maxParticipations !== undefined || minSeparation !== undefined) return event;
    const sampled = sampledBy(scheme, event, neighboring);
    if (accounting !== undefined) return sampled;
    try {
      filter.wouldExceed(sampled);
      return sampled;
    } catch (error) {
      // No sound bound for this event under this sampling: nothing is amplified then.
      if (isFedkitError(error, 'UNSUPPORTED_EVENT')) return event;
      throw error;
    }
  }

  #mismatch(needed: SamplingScheme['kind'], got: SamplingScheme['kind']): never {
    refuse(
      'INVALID_ARGUMENT',
      `${this.#where}: accounting`,
      `a cohort drawn by the scheme '${needed}' for '${this.#accounting ?? needed}' (a fixed cohort is not Poisson: it amplifies far less)`,
      got,
    );
  }
}

const NEEDED = { poisson: 'poisson', 'without-replacement': 'fixed', none: 'any' } as const;

function sampledBy(scheme: SamplingScheme, event: PrivacyEvent, neighboring: string): PrivacyEvent {
  if (scheme.kind === 'poisson') {
    const { probability } = scheme;
    return { kind: 'poisson-sampled', probability, event } as PrivacyEvent;
  }
  if (scheme.kind === 'fixed' && neighboring === 'replace-one') {
    const { population, cohort } = scheme;
    return { kind: 'sampled-without-replacement', population, cohort, event } as PrivacyEvent;
  }
  return event;
}

function checkFilter(where: string, filter: PrivacyFilter | undefined): void {
  if (filter === undefined) return;
  if (typeof filter?.charge !== 'function' || typeof filter.charged !== 'function') {
    refuse('INVALID_ARGUMENT', where, 'a filter such as privacyLedger(…)', filter);
  }
}

/** Whether this very release is on record: another set of survivors is another release, and so is that of another run. */
function isCharged(filter: PrivacyFilter, { round, event, realized }: PrivacyCharge & { round: number }): boolean {
  const text = JSON.stringify([event, realized?.run, realized?.participants]);
  return filter
    .charged(round)
    .some((charge) => JSON.stringify([charge.event, charge.realized?.run, charge.realized?.participants]) === text);
}
