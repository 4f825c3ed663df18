/**
 * How a ledger is opened.
 *
 * @module
 */
import type { Store } from '@fedkit/core';
import type { OptionNames } from '@fedkit/core/internal';
import type { Accountant } from '../accountant.ts';
import { IDENTITY, type LedgerIdentity, type PrivacyBudget } from './record.ts';

/** How a ledger is opened. */
export interface LedgerOptions extends Omit<LedgerIdentity, 'neighboring'> {
  /** Where records are kept, each under a key of its own, made by `create`. */
  readonly store: Store;
  /** Prefix of the keys; default `privacy-ledger`. */
  readonly key?: string;
  /** What may be spent in all. */
  readonly budget: PrivacyBudget;
  /** Makes an empty accountant; its relation is the ledger's. */
  readonly accountant: () => Accountant;
  /** A digest this ledger must contain: the head it had when it was last seen. */
  readonly expectedHead?: string;
}

/** All of them by name. */
export const LEDGER_OPTIONS: OptionNames<LedgerOptions> = {
  ...IDENTITY,
  store: true,
  key: true,
  budget: true,
  accountant: true,
  expectedHead: true,
};
