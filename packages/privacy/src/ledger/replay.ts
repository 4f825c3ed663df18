/**
 * A second accountant's view of a ledger.
 *
 * @module
 */
import { checkOptions, type OptionNames, refuse } from '@fedkit/core/internal';
import type { Accountant } from '../accountant.ts';
import { accountFor, epsilonOf, openingIdentity } from './account.ts';
import { decodeLedger, type LedgerIdentity, type LedgerRecord, type PrivacyBudget } from './record.ts';

/** What a replay found. */
export interface LedgerReport {
  readonly identity: LedgerIdentity;
  /** The budget at the end. */
  readonly budget: PrivacyBudget;
  /** ε of everything charged, at the budget's δ, by the given accountant. */
  readonly epsilon: number;
  readonly head: string;
  readonly records: readonly LedgerRecord[];
}

/**
 * Checks a serialized or published ledger and accounts for it anew.
 *
 * @param bytes - Of `serialize` or `publish`.
 * @param options.accountant - Makes an empty accountant; any that knows the relation, not only the one that kept the ledger.
 * @param options.run - The run it must be of.
 * @param options.head - The head digest it must have.
 * @throws FedkitError `DECODE_FAILED` for what is no ledger; `AUTHENTICATION_FAILED` for one that was edited, truncated or
 * reordered, is another run's or has another head; `INVALID_ARGUMENT` for an accountant of another relation.
 */
export function replayLedger(
  bytes: Uint8Array,
  options: { accountant: () => Accountant; run?: string; head?: string },
): LedgerReport {
  checkOptions('replayLedger', options, { accountant: true, run: true, head: true } satisfies OptionNames<
    typeof options
  >);
  const where = 'replayLedger';
  const records = decodeLedger(bytes);
  const identity = openingIdentity(records);
  const head = records[records.length - 1].digest;
  if (options.run !== undefined && identity.run !== options.run) {
    refuse('AUTHENTICATION_FAILED', `${where}: run`, `the ledger of ${options.run}`, `that of ${identity.run}`);
  }
  if (options.head !== undefined && head !== options.head) {
    refuse('AUTHENTICATION_FAILED', `${where}: head`, 'the head that was kept', 'another');
  }
  const accountant = options.accountant();
  if (accountant.neighboring !== identity.neighboring) {
    refuse('INVALID_ARGUMENT', `${where}: accountant`, `the relation ${identity.neighboring}`, accountant.neighboring);
  }
  const state = accountFor(records, options.accountant);
  const epsilon = epsilonOf(state, options.accountant, state.budget.delta);
  return { identity: state.identity, budget: state.budget, epsilon, head, records };
}
