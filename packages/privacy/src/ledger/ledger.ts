/**
 * A persistent privacy budget: asked before anything is released, and written before anything is released.
 *
 * The filter refuses what would take ε above the budget at its δ, so the total never exceeds it. By an accountant's total that
 * is proven for releases that were fixed in advance, of which stopping early is one, and for Gaussian ones; where a later
 * release depends on earlier results, open the ledger with `events: 'adaptive'`: see `filter.ts` for what is proven of which.
 *
 * Records are created, never overwritten. Two writers on one store cannot both create the next one, and whoever comes second
 * has seen a total without the first one's charge: it is refused, by name, for good.
 *
 * @module
 */
import { type ClientId, secureRng, type Store } from '@fedkit/core';
import {
  checkOptions,
  checkCreates,
  checkInteger,
  checkPositive,
  refuse,
  SerialQueue,
  toHex,
  utf8Decode,
  utf8Encode,
} from '@fedkit/core/internal';
import { type Accountant, checkDelta } from '../accountant.ts';
import { readEvent } from '../event/parse-event.ts';
import type { DpEvent, EventData } from '../event/types.ts';
import type { NoisyStatistics } from '../mechanism/statistics.ts';
import {
  accountFor,
  addRecord,
  checkParticipants,
  epsilonOf,
  ledgerFilter,
  type LedgerState,
  openingIdentity,
} from './account.ts';
import type { LedgerFilter } from './filter.ts';
import {
  type ChargedRelease,
  copyOfFacts,
  encodeLedger,
  type LedgerBody,
  type LedgerIdentity,
  type LedgerRecord,
  makeRecord,
  type PrivacyBudget,
  type RealizedRound,
  readChain,
  recordLine,
} from './record.ts';
import { LEDGER_OPTIONS, type LedgerOptions } from './options.ts';

export type { LedgerOptions } from './options.ts';

/** One release, before it happens. */
export interface Charge {
  /** What really will be released: under the sampling that happened, with the noise of those that survived. */
  readonly event: EventData;
  /** How many such releases; default 1. */
  readonly count?: number;
  readonly round?: number;
  /** Facts of the round, kept private. */
  readonly realized?: RealizedRound;
  /** Counts that were noised and are part of `event`. */
  readonly statistics?: NoisyStatistics;
}

/** A budget that survives restarts. */
export interface PrivacyLedger {
  readonly identity: LedgerIdentity;
  /** What may be spent in all. */
  readonly budget: PrivacyBudget;
  /** Digest of the last record: keep it elsewhere, so that a ledger cut short is found out. */
  readonly head: string;
  /** Number of records. */
  readonly length: number;
  /** Which argument the bound rests on, for what has been charged so far. */
  readonly filter: LedgerFilter;
  /** ε of everything charged, or under `composition: 'own-rounds'` of the client that has paid most, at the budget's δ: an upper bound. */
  spent(): number;
  /** Whether charging `event` would take ε above the budget, whoever takes part. */
  wouldExceed(event: EventData, count?: number): boolean;
  /** What was charged under this number of a round, in order: how a server that was restarted knows what it has paid. */
  charged(round: number): readonly ChargedRelease[];
  /** How often `client` took part. */
  participations(client: ClientId): number;
  /**
   * Charges and stores, or refuses and changes nothing. Once it resolves the charge is on the medium.
   *
   * @throws FedkitError `PROTOCOL_STATE` if another writer has gone on with the ledger since this one was opened: open it anew;
   * `BUDGET_EXHAUSTED` if ε or a client's participations would exceed their limit, `UNSUPPORTED_EVENT` if the
   * accountant cannot bound the event.
   */
  charge(charge: Charge): Promise<void>;
  /**
   * Charges, and only then calls `release`. A release that fails stays charged: somebody may have seen it.
   */
  release<T>(charge: Charge, release: () => T | Promise<T>): Promise<T>;
  /** Records a round whose release was charged earlier, as a whole-run event of DP-FTRL is. Participations are enforced. */
  observe(facts: { readonly round?: number; readonly realized: RealizedRound }): Promise<void>;
  /** Raises or lowers the budget, on record. `BUDGET_EXHAUSTED` if more than that is spent already. */
  setBudget(budget: PrivacyBudget): Promise<void>;
  /** Everything, for backup and for a second accountant: see `replayLedger`. Holds private facts. */
  serialize(): Uint8Array;
  /** The same without private facts: checkable and replayable by anybody. */
  publish(): Uint8Array;
}

/**
 * Opens the ledger of a run, or begins it.
 *
 * @throws FedkitError `AUTHENTICATION_FAILED` for a stored ledger that was edited, truncated, reordered, or is another run's;
 * `DECODE_FAILED` for what is none; `INVALID_ARGUMENT` if unit, relation or limits are not those it began with;
 * `BUDGET_EXHAUSTED` for a budget below what is spent. Nothing is stored then.
 * @complexity Reading is one `get` a record, charging one `create` and one `put`.
 */
export async function privacyLedger(options: LedgerOptions): Promise<PrivacyLedger> {
  const where = 'privacyLedger';
  checkOptions(where, options, LEDGER_OPTIONS);
  const { accountant } = options;
  const store = checkCreates(where, options.store);
  const prefix = options.key ?? 'privacy-ledger';
  const budget = checkBudget(`${where}: budget`, options.budget);
  const identity = identityOf(where, options);
  const records = await load(where, store, prefix);
  if (options.expectedHead !== undefined && !records.some(({ digest }) => digest === options.expectedHead)) {
    refuse(
      'AUTHENTICATION_FAILED',
      where,
      'a ledger with the head last seen',
      'one without it: it was cut short or replaced',
    );
  }
  if (records.length === 0) {
    const opening = makeRecord({ index: 0, previous: '', kind: 'open', ...identity, budget }, undefined, '');
    // Two that begin it at once begin the same, or one of them is refused below.
    if (!(await write(store, prefix, opening))) records.push(...(await load(where, store, prefix)));
    else records.push(opening);
  }
  checkIdentity(where, openingIdentity(records), identity);
  const state = accountFor(records, accountant);
  const ledger = new StoredLedger(store, prefix, accountant, records, state);
  if (state.budget.epsilon !== budget.epsilon || state.budget.delta !== budget.delta) await ledger.setBudget(budget);
  return ledger;
}

class StoredLedger implements PrivacyLedger {
  readonly #store: Store;
  readonly #prefix: string;
  readonly #accountant: () => Accountant;
  readonly #records: LedgerRecord[];
  readonly #state: LedgerState;
  /** A record that may have been stored although the store said it failed. */
  #unsettled: LedgerRecord | undefined;
  #fenced = false;
  /** Calls take turns: each sees what the one before stored. */
  readonly #queue = new SerialQueue();

  constructor(store: Store, prefix: string, accountant: () => Accountant, records: LedgerRecord[], state: LedgerState) {
    this.#store = store;
    this.#prefix = prefix;
    this.#accountant = accountant;
    this.#records = records;
    this.#state = state;
  }

  get identity(): LedgerIdentity {
    return this.#state.identity;
  }

  get budget(): PrivacyBudget {
    return this.#state.budget;
  }

  get head(): string {
    return this.#records[this.#records.length - 1].digest;
  }

  get length(): number {
    return this.#records.length;
  }

  get filter(): LedgerFilter {
    return ledgerFilter(this.#state);
  }

  spent(): number {
    return epsilonOf(this.#state, this.#accountant, this.budget.delta);
  }

  wouldExceed(event: EventData, count = 1): boolean {
    const where = 'privacyLedger.wouldExceed';
    const more = checkInteger(`${where}: count`, count, 1);
    return this.#epsilonWith(readEvent(`${where}: event`, event), more) > this.budget.epsilon;
  }

  charged(round: number): readonly ChargedRelease[] {
    return [...(this.#state.rounds.get(checkInteger('privacyLedger.charged: round', round)) ?? [])];
  }

  participations(client: ClientId): number {
    return this.#state.clients.get(client)?.times ?? 0;
  }

  async charge(charge: Charge): Promise<void> {
    // What is charged is what stands here now, whatever becomes of the caller's objects until its turn comes.
    const where = 'privacyLedger.charge';
    if (typeof charge !== 'object' || charge === null) refuse('INVALID_ARGUMENT', where, 'a charge', charge);
    const { round, statistics } = charge;
    const event = readEvent(`${where}: event`, charge.event);
    const count = checkInteger(`${where}: count`, charge.count ?? 1, 1);
    if (round !== undefined) checkInteger(`${where}: round`, round);
    const realized = charge.realized === undefined ? undefined : copyOfFacts(where, charge.realized);
    const rest = {
      ...(round === undefined ? {} : { round }),
      ...(statistics === undefined ? {} : { statistics: { ...statistics } }),
    };
    const body = { kind: 'charge', event, count, ...rest } as const;
    return this.#inTurn(async (found) => {
      // The same again, of which only the answer was lost: it is paid for, and nothing was released on it.
      if (found !== undefined && isCharge(found, body, realized)) return;
      checkParticipants(where, this.#state, round, realized?.participants);
      const epsilon = this.#epsilonWith(event, count, realized?.participants);
      if (epsilon > this.budget.epsilon) {
        refuse('BUDGET_EXHAUSTED', where, `ε at most ${this.budget.epsilon} at δ = ${this.budget.delta}`, epsilon);
      }
      await this.#append({ ...this.#next(), ...body }, realized);
    });
  }

  async release<T>(charge: Charge, release: () => T | Promise<T>): Promise<T> {
    await this.charge(charge);
    return release();
  }

  async observe(facts: { readonly round?: number; readonly realized: RealizedRound }): Promise<void> {
    const where = 'privacyLedger.observe';
    const round = facts?.round;
    if (round !== undefined) checkInteger(`${where}: round`, round);
    const realized = copyOfFacts(where, facts?.realized);
    return this.#inTurn(async () => {
      checkParticipants(where, this.#state, round, realized.participants);
      await this.#append({ ...this.#next(), kind: 'observe', ...(round === undefined ? {} : { round }) }, realized);
    });
  }

  async setBudget(given: PrivacyBudget): Promise<void> {
    const budget = checkBudget('privacyLedger.setBudget: budget', given);
    return this.#inTurn(async () => {
      const spent = epsilonOf(this.#state, this.#accountant, budget.delta);
      if (spent > budget.epsilon) {
        refuse(
          'BUDGET_EXHAUSTED',
          'privacyLedger.setBudget: budget',
          `ε of at least the ${spent} spent`,
          budget.epsilon,
        );
      }
      await this.#append({ ...this.#next(), kind: 'budget', budget }, undefined);
    });
  }

  serialize(): Uint8Array {
    return encodeLedger(this.#records, true);
  }

  publish(): Uint8Array {
    return encodeLedger(this.#records, false);
  }

  #epsilonWith(event: DpEvent, count: number, participants?: readonly ClientId[]): number {
    return epsilonOf(this.#state, this.#accountant, this.budget.delta, { event, count, participants });
  }

  #next(): { index: number; previous: string } {
    return { index: this.#records.length, previous: this.head };
  }

  async #append(body: LedgerBody, realized: RealizedRound | undefined): Promise<void> {
    const record = makeRecord(body, realized, salt());
    this.#unsettled = record;
    if (!(await write(this.#store, this.#prefix, record))) this.#refuseSecond();
    this.#unsettled = undefined;
    this.#adopt(record);
  }

  #adopt(record: LedgerRecord): void {
    this.#records.push(record);
    addRecord(this.#state, record.body, record.realized, this.#accountant);
  }

  /** Whether a write that failed took place is found out before the next: nothing was released on it, but it counts. */
  async #settle(): Promise<LedgerRecord | undefined> {
    if (this.#fenced) this.#refuseSecond();
    const record = this.#unsettled;
    if (record === undefined) return undefined;
    const stored = await this.#store.get(`${this.#prefix}/${record.body.index}`);
    if (stored !== undefined) {
      if (utf8Decode(stored) !== recordLine(record, true)) this.#refuseSecond();
      this.#adopt(record);
    }
    this.#unsettled = undefined;
    return stored && record;
  }

  #refuseSecond(): never {
    this.#fenced = true;
    this.#unsettled = undefined;
    refuse(
      'PROTOCOL_STATE',
      `privacyLedger: ${this.#prefix}`,
      'to be its only writer: another has gone on with it; open it anew',
      `its record ${this.#records.length}`,
    );
  }

  #inTurn(call: (found?: LedgerRecord) => Promise<void>): Promise<void> {
    return this.#queue.run(async () => call(await this.#settle()));
  }
}

/**
 * First the record, then the head: a crash in between leaves one record that nothing was released on.
 *
 * @returns false, nothing being written, where a record of this number is there.
 */
async function write(store: Store, prefix: string, record: LedgerRecord): Promise<boolean> {
  if (!(await store.create(`${prefix}/${record.body.index}`, utf8Encode(recordLine(record, true))))) return false;
  await store.put(`${prefix}/head`, utf8Encode(`${record.body.index + 1}`));
  return true;
}

function isCharge(record: LedgerRecord, body: object, realized: RealizedRound | undefined): boolean {
  const place = { index: 0, previous: '', commitment: '' };
  const stored = { ...record.body, ...place };
  const given = { index: 0, previous: '', ...body, commitment: '' };
  return JSON.stringify([stored, record.realized]) === JSON.stringify([given, realized]);
}

async function load(where: string, store: Store, prefix: string): Promise<LedgerRecord[]> {
  const head = await store.get(`${prefix}/head`);
  const lines: string[] = [];
  for (;;) {
    const line = await store.get(`${prefix}/${lines.length}`);
    if (line === undefined) break;
    lines.push(utf8Decode(line));
  }
  const expected = head === undefined ? 0 : Number(utf8Decode(head));
  if (!(lines.length >= expected))
    refuse('AUTHENTICATION_FAILED', where, `the ${expected} records stored`, lines.length);
  return readChain(lines);
}

function identityOf(where: string, options: LedgerOptions): LedgerIdentity {
  const { run, unit, composition, events, maxParticipations, minSeparation } = options;
  if (typeof run !== 'string' || run === '') refuse('INVALID_ARGUMENT', `${where}: run`, 'a name', run);
  if (unit !== 'user' && unit !== 'example') refuse('INVALID_ARGUMENT', `${where}: unit`, "'user' or 'example'", unit);
  if (composition !== undefined && composition !== 'own-rounds') {
    refuse('INVALID_ARGUMENT', `${where}: composition`, "'own-rounds' or none", composition);
  }
  if (events !== undefined && events !== 'fixed' && events !== 'adaptive') {
    refuse('INVALID_ARGUMENT', `${where}: events`, "'fixed', 'adaptive' or none", events);
  }
  return {
    run,
    unit,
    neighboring: options.accountant().neighboring,
    ...(composition === undefined ? {} : { composition }),
    ...(events === undefined ? {} : { events }),
    ...(maxParticipations === undefined
      ? {}
      : { maxParticipations: checkInteger(`${where}: maxParticipations`, maxParticipations, 1) }),
    ...(minSeparation === undefined
      ? {}
      : { minSeparation: checkInteger(`${where}: minSeparation`, minSeparation, 1) }),
  };
}

function checkIdentity(where: string, stored: LedgerIdentity, given: LedgerIdentity): void {
  if (stored.run !== given.run) {
    refuse('AUTHENTICATION_FAILED', `${where}: run`, `the ledger of ${given.run}`, `that of ${stored.run}`);
  }
  for (const field of ['unit', 'neighboring', 'composition', 'events', 'maxParticipations', 'minSeparation'] as const) {
    if (stored[field] !== given[field]) {
      refuse('INVALID_ARGUMENT', `${where}: ${field}`, `${String(stored[field])}, as the ledger began`, given[field]);
    }
  }
}

/** A copy, which nobody can change: it decides what is released. */
function checkBudget(where: string, budget: PrivacyBudget): PrivacyBudget {
  if (typeof budget !== 'object' || budget === null) refuse('INVALID_ARGUMENT', where, 'an ε and a δ', budget);
  const epsilon = checkPositive(`${where}.epsilon`, budget.epsilon);
  return Object.freeze({ epsilon, delta: checkDelta(where, budget.delta) });
}

function salt(): string {
  return toHex(secureRng().fill(new Uint8Array(16)));
}
