/**
 * Power of choice: candidates by data, the cohort by loss.
 *
 * Y. J. Cho, J. Wang, G. Joshi, "Towards Understanding Biased Client Selection in Federated Learning", AISTATS 2022,
 * section 4 (π_pow-d).
 *
 * @module
 */
import type { ClientId } from '../aggregate/contract.ts';
import { checkInteger, checkOptions, type OptionNames, refuse } from '../check.ts';
import type { Rng } from '../random.ts';
import type { Cohort, Selector } from './contract.ts';
import type { NoSampling } from './sampling-scheme.ts';
import { weightedSample } from './weighted-sample.ts';

/** Options of {@link powerOfChoiceSelection}. */
export interface PowerOfChoiceOptions {
  /** m, clients in a cohort, ≥ 1. */
  readonly cohort: number;
  /** d ≥ m, clients that are asked for their loss. d = m is unbiased selection; the larger d, the more biased. */
  readonly candidates: number;
  /** p_k, finite and ≥ 0, the client's number of examples in the paper; default 1 each. */
  readonly weight?: (client: ClientId) => number;
  /**
   * A candidate's local loss at the current model, or the latest that is known (π_rpow-d). Clients for which it is
   * `undefined` come first.
   */
  readonly loss: (client: ClientId) => number | undefined;
}

/** The two steps of power of choice, between which the server may ask the candidates. */
export interface PowerOfChoiceSelector extends Selector<NoSampling> {
  /** d of the available clients, drawn in proportion to weight without replacement. */
  candidates(available: readonly ClientId[], rng: Rng): readonly ClientId[];
  /** The m candidates of the highest loss; of equal ones the smallest client ids. */
  choose(candidates: readonly ClientId[]): Cohort<NoSampling>;
}

/**
 * `candidates` clients by weight, and of these the `cohort` with the highest loss: fewer rounds at the price of a model
 * that leans towards clients it is bad at.
 *
 * Its sampling scheme is `none`: who takes part depends on the data.
 *
 * @throws FedkitError `OUT_OF_RANGE` unless 1 ≤ cohort ≤ candidates.
 */
export function powerOfChoiceSelection(options: PowerOfChoiceOptions): PowerOfChoiceSelector {
  checkOptions('powerOfChoiceSelection', options, {
    cohort: true,
    candidates: true,
    weight: true,
    loss: true,
  } satisfies OptionNames<PowerOfChoiceOptions>);
  const { weight = () => 1, loss } = options;
  const cohort = checkInteger('powerOfChoiceSelection: cohort', options.cohort, 1);
  const count = checkInteger('powerOfChoiceSelection: candidates', options.candidates, cohort);
  const selector: PowerOfChoiceSelector = {
    kind: 'power-of-choice',
    scheme: 'none',
    candidates: (available, rng) =>
      weightedSample(
        'powerOfChoiceSelection.candidates',
        available,
        available.map((client) => weight(client)),
        count,
        rng,
      ),
    choose(candidates) {
      if (candidates.length < cohort) {
        const where = 'powerOfChoiceSelection.choose';
        refuse('THRESHOLD_NOT_MET', where, `at least ${cohort} candidates`, candidates.length);
      }
      const losses = new Map(
        candidates.map((client) => {
          const value = loss(client) ?? Infinity;
          if (Number.isNaN(value)) refuse('OUT_OF_RANGE', 'powerOfChoiceSelection.choose: loss', 'a number', value);
          return [client, value];
        }),
      );
      const lossOf = (client: ClientId) => losses.get(client) as number;
      const chosen = new Set(
        [...candidates]
          .sort((a, b) => (lossOf(a) === lossOf(b) ? (a < b ? -1 : 1) : lossOf(a) > lossOf(b) ? -1 : 1))
          .slice(0, cohort),
      );
      return { clients: candidates.filter((client) => chosen.has(client)), scheme: { kind: 'none' } };
    },
    select: (available, rng) => selector.choose(selector.candidates(available, rng)),
  };
  return selector;
}
