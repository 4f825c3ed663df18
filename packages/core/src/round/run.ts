/**
 * A run in memory and in its store: the machine's state, the algorithm's, and the round's collector.
 *
 *     round/journal, round/collector         the machine and what was folded: see chain.ts
 *     round/terms                            what both sides' pipelines must agree on
 *     round/state/<round>.<epoch>            the algorithm's state after that round's step; 0 is the first
 *     round/exchange/<round>.<epoch>         the sealed state of the round's secure sum
 *     round/ledger/<round>.<epoch>           what a finished round came to
 *
 * What may change is under a name of the server that writes it: one that has ended without knowing changes nothing that
 * another reads. All of it has checksums.
 *
 * @module
 */
import { fromHex, toHex } from '../from-hex.ts';
import type { ClientId, Update } from '../aggregate/contract.ts';
import { refuse } from '../check.ts';
import { decodeState, type StateOwner, statePieces } from '../model/state-file.ts';
import type { ExchangeCollector, ServerHalf } from '../pipeline/contract.ts';
import type { PlainData } from '../plain-data.ts';
import type { Store } from '../store/contract.ts';
import { stateOwner } from '../protocol/broadcast.ts';
import { broadcastSteps, type EncodedBroadcast } from '../protocol/encoded-broadcast.ts';
import { checkedStore } from '../store/checked-store.ts';
import { piecesInto } from '../store/pieces.ts';
import { together } from '../together.ts';
import { inTurns } from '../turns.ts';
import { epochOf, numbered, sortedByEpoch } from './chain.ts';
import { clientEntries } from './client-map.ts';
import { AT_A_TIME } from './deletions.ts';
import { checkNotOver, firstModel, firstState, isResized } from './first-state.ts';
import { guardedStore, listKeys } from './guarded-store.ts';
import { type Captured, type Epoch, Journal, type JournalEntry, type Snapshot } from './journal.ts';
import { Ledger } from './ledger.ts';
import { leftoversOf } from './leftovers.ts';
import { lostMessages } from './lost-messages.ts';
import type { RoundMachine } from './machine.ts';
import type { RoundRecord } from './record.ts';
import { RoundReports } from './round-reports.ts';
import { admit, checkIdentity, keepTerms, malformed, type RunIdentity, runIdentity } from './run-identity.ts';
import { type FederatedServerOptions, PART_BYTES } from './server-options.ts';
import type { RoundEffect, RoundEvent, RoundState } from './state.ts';
import { roundOf, sortedByRound, STATE, stateKey } from './state-keys.ts';

const FORMAT = 'fedkit round 1';
const EXCHANGE = 'round/exchange/';

/** What a snapshot's head says. */
interface Head extends RunIdentity {
  readonly run: string;
  /** The round whose step gave the algorithm's state. */
  readonly state: number;
  /** Of the server that took that step. */
  readonly epoch: number;
  /** The first model; absent in runs of earlier versions. */
  readonly initial?: string;
  readonly machine: RoundState;
}

/** The algorithm's state after a round, and what clients get of it. */
interface Model<S> {
  readonly state: S;
  /** The round whose step gave it, and the epoch of the server that took the step. */
  readonly round: number;
  readonly epoch: number;
  /** Encoded once. */
  readonly broadcast: EncodedBroadcast;
}

/** One opening of a run. When its journal has died, what it holds is ahead of the store: open another. */
export class Run<S extends PlainData, B extends PlainData, U extends Update, R extends PlainData> {
  readonly store: Store;
  readonly ledger: Ledger;
  readonly half: ServerHalf<R>;
  readonly machine: RoundMachine;
  name: Uint8Array;
  state: RoundState;
  /** The latest round whose end the store knows. */
  recorded = 0;
  reports: RoundReports<R> | undefined;
  exchange: ExchangeCollector<R> | undefined;
  /** What the pipeline announced for the current round. */
  parameters: Uint8Array = new Uint8Array(0);
  readonly #options: FederatedServerOptions<S, B, U, R>;
  readonly #owner: StateOwner;
  readonly #identity: RunIdentity;
  #journal: Journal | undefined;
  #initial: string | undefined;
  /** The model that the store says is the run's: the one that anybody is shown. */
  #model: Model<S> | undefined;
  /** The one that is the run's once a snapshot says so. */
  #next: Model<S> | undefined;
  /** The machine's state before what a snapshot has yet to say. */
  #before: RoundState | undefined;
  #superseded: string[] = [];
  /** States in the store, the latest last. */
  #kept: { readonly round: number; readonly epoch: number }[] = [];
  /** What finished rounds have left in other places. */
  #left: (() => Promise<void>)[] = [];

  private constructor(options: FederatedServerOptions<S, B, U, R>, machine: RoundMachine, half: ServerHalf<R>) {
    const { pipeline, store, run, rng, clock } = options;
    this.#options = options;
    this.machine = machine;
    this.half = half;
    this.#owner = stateOwner(pipeline);
    this.#identity = runIdentity(FORMAT, pipeline.digest, this.#owner);
    this.store = checkedStore(guardedStore(store));
    this.ledger = new Ledger(this.store, () => this.journal.epoch.number);
    this.name = run ? new Uint8Array(run) : rng.fill(new Uint8Array(16));
    this.state = machine.init(clock());
  }

  /** Reads what the store holds, or begins. */
  static async open<S extends PlainData, B extends PlainData, U extends Update, R extends PlainData>(
    options: FederatedServerOptions<S, B, U, R>,
    machine: RoundMachine,
    half: ServerHalf<R>,
    held?: Epoch,
  ): Promise<Run<S, B, U, R>> {
    const run = new Run(options, machine, half);
    try {
      const clear = held === undefined ? await leftoversOf(half) : undefined;
      const { journal, stored } = await Journal.open(
        {
          store: run.store,
          capture: (at) => run.#capture(at),
          admit: (found) => admit(found, (snapshot) => run.#headOf(snapshot)),
          // The reproducible mean's collector.
          least: half.collects === 'reports' ? 16 * options.pipeline.size : 0,
        },
        held,
      );
      run.#journal = journal;
      if (stored.snapshot) {
        await run.#restore(stored.snapshot, stored.entries);
        if (journal.crowded) await journal.checkpoint();
      } else {
        await keepTerms(run.store, options.pipeline.terms);
        const first = firstState(options.pipeline.algorithm, options);
        run.#initial = firstModel(options.pipeline.algorithm.params(first));
        await run.keepState(first, 0);
        await journal.checkpoint();
      }
      run.#noteStored();
      await run.#sweep();
      // Between rounds nobody reports: it is of a round whose server was killed as it published. Else it goes with the round.
      if (run.state.current === null) await clear?.();
    } catch (error) {
      run.dispose();
      throw error;
    }
    return run;
  }

  get journal(): Journal {
    return this.#journal as Journal;
  }

  /** The round whose step gave the algorithm's state; 0 before the first. */
  get stateRound(): number {
    return this.#shown.round;
  }

  get algorithmState(): S {
    return this.#shown.state;
  }

  get broadcast(): EncodedBroadcast {
    return this.#shown.broadcast;
  }

  /** The machine's state for whoever watches: what a snapshot has yet to say has not happened. */
  get shownState(): RoundState {
    return this.#before ?? this.state;
  }

  get #shown(): Model<S> {
    return this.#model as Model<S>;
  }

  /** Takes an event and logs it. It is stored with what is stored next: `journal.durable()` says when. */
  step(event: RoundEvent, bytes?: Uint8Array): readonly RoundEffect[] {
    const { state, effects } = this.machine.step(this.state, event);
    if (effects.some(({ kind }) => kind === 'checkpoint')) this.#before ??= this.state;
    this.state = state;
    this.journal.append(bytes ? { event, bytes } : { event });
    return effects;
  }

  /** Stores the algorithm's state after `round`. It is the run's, and shown, once a snapshot says so. */
  async keepState(state: S, round: number): Promise<void> {
    const { number: epoch } = this.journal.epoch;
    await piecesInto(this.store).put(stateKey({ round, epoch }), statePieces(state, this.#owner));
    this.#next = await this.#modelOf(state, round, epoch);
  }

  /**
   * The state after an earlier round is the run's again, once a snapshot says so.
   *
   * @throws FedkitError `OUT_OF_RANGE` where it is not kept.
   */
  async rollBack(round: number): Promise<void> {
    const kept = this.#kept.find((state) => state.round === round);
    if (kept === undefined) {
      const rounds = this.#kept.map((state) => state.round).join(', ');
      refuse('OUT_OF_RANGE', 'federatedServer.rollBack: round', `one whose model is kept: ${rounds}`, round);
    }
    // Nothing is stored between this and the snapshot but by the snapshot.
    await this.journal.confirm();
    this.#next = await this.#loadModel(round, kept.epoch);
  }

  /** Models that there are, from the earliest. */
  get history(): readonly number[] {
    return this.#kept.map(({ round }) => round);
  }

  /** A snapshot says what is the run's: the latest model is shown, and what it has made superfluous is named. */
  #noteStored(): void {
    const { current, round } = this.state;
    this.recorded = current ? current.round - 1 : round;
    this.#before = undefined;
    const next = this.#next;
    if (next === undefined) return;
    this.#next = undefined;
    this.#model = next;
    const { history = 0 } = this.#options;
    const at = this.#kept.findIndex((kept) => stateKey(kept) === stateKey(next));
    // Where the run was rolled back what came after goes, otherwise what is too long ago.
    const before = this.#kept.slice(0, at < 0 ? this.#kept.length : at);
    const kept = [
      ...before.slice(before.length - Math.min(history, before.length)),
      { round: next.round, epoch: next.epoch },
    ];
    const keys = new Set(kept.map(stateKey));
    this.#superseded.push(...this.#kept.map(stateKey).filter((key) => !keys.has(key)));
    this.#kept = kept;
  }

  /** Opens the collector of the current round, from the start or from what was saved. */
  async openCollector(round: number, saved?: Uint8Array): Promise<void> {
    const { half, parameters } = this;
    if (half.collects === 'reports') {
      this.reports = await RoundReports.open(half, { round, parameters, ...(saved && { saved }) });
      return;
    }
    // The latest that any server of the run has saved: what was acknowledged is in it.
    const saves = sortedByEpoch(await listKeys(this.store, exchangePrefix(round)));
    const sealed = saves.length === 0 ? undefined : await this.store.get(saves[saves.length - 1]);
    const key = exchangePrefix(round) + String(this.journal.epoch.number);
    const persist = (state: Uint8Array) => this.store.put(key, state);
    this.exchange = half.open({ round, parameters, persist, ...(sealed && { saved: sealed }) });
  }

  /** Writes a finished round's record and forgets its collector. @param counted - Tickets that are in the model. */
  async conclude(record: RoundRecord, counted: readonly (readonly [ClientId, number])[]): Promise<void> {
    await this.ledger.put({ record, counted });
    if (this.exchange) this.#superseded.push(...(await listKeys(this.store, exchangePrefix(record.round))));
    const { reports } = this;
    if (reports) this.#left.push(() => reports.forget());
    this.dispose();
    this.parameters = new Uint8Array(0);
  }

  /** A snapshot, and then the deletion of what it has made superfluous. What cannot be deleted, the next opening of the store does. */
  async checkpoint(): Promise<void> {
    const clear = this.#left.length > 0 ? await leftoversOf(this.half) : undefined;
    await this.journal.checkpoint();
    this.#noteStored();
    this.journal.deletions.begin(this.#superseded.splice(0));
    // Before the next round, whose reports go to the same place.
    for (const forget of this.#left.splice(0)) await forget().catch(() => {});
    await clear?.();
  }

  dispose(): void {
    this.reports?.dispose();
    this.exchange?.dispose();
    this.reports = undefined;
    this.exchange = undefined;
  }

  async #capture(at: () => void): Promise<Captured> {
    const now = (): Captured => {
      at();
      const { round, epoch } = this.#next ?? this.#shown;
      const head: Head = {
        ...this.#identity,
        run: toHex(this.name),
        state: round,
        epoch,
        ...(this.#initial !== undefined && { initial: this.#initial }),
        machine: this.state,
      };
      return { head, bytes: this.parameters };
    };
    if (!this.reports) return now();
    const { now: snapshot, pieces, release } = await this.reports.capture(now);
    // One that nothing was folded into is opened anew.
    return { ...snapshot, ...(pieces && { collector: pieces }), release };
  }

  #headOf({ head }: Snapshot): Promise<Head> {
    const { pipeline, run } = this.#options;
    return checkIdentity<Head>(head, this.#identity, { store: this.store, terms: pipeline.terms, run });
  }

  async #restore(snapshot: Snapshot, entries: readonly JournalEntry[]): Promise<void> {
    const { bytes, collector } = snapshot;
    const { run, state, epoch, initial, machine } = await this.#headOf(snapshot);
    this.#initial = initial;
    this.name = fromHex(run);
    this.state = machine;
    this.parameters = bytes;
    this.#model = await this.#loadModel(state, epoch);
    if (machine.current) await this.openCollector(machine.current.round, collector);
    for (const entry of entries) await this.#replay(entry);
    const time = this.#options.clock();
    this.step({ kind: 'restored', time });
    const { algorithm } = this.#options.pipeline;
    checkNotOver(this.state.phase, initial, () => firstModel(algorithm.params(firstState(algorithm, this.#options))));
    if (isResized(this.state, this.#options.rounds ?? Infinity)) this.step({ kind: 'resized', time });
    const { current } = this.state;
    const lost = current && this.exchange ? lostMessages(current, this.exchange) : [];
    if (lost.length > 0) this.step({ kind: 'reopened', clients: lost, time });
  }

  /** One event of the log again: the same bytes give the same collector. */
  async #replay({ event, bytes }: JournalEntry): Promise<void> {
    const logged = event as RoundEvent;
    if (logged.kind === 'accepted' && this.half.collects === 'reports') {
      if (!bytes) throw malformed('the report of an accepted ticket', 'none');
      await this.reports?.accept(logged.client, bytes, () => {});
    }
    // The end of a round is stored by the snapshot after it, with the algorithm's state, never by the log.
    if (logged.kind === 'closed' || logged.kind === 'rolledBack')
      throw malformed('what came before another model', 'what came after');
    const { state, effects } = this.machine.step(this.state, logged);
    this.state = state;
    if (logged.kind === 'opened' && state.current) {
      if (bytes) this.parameters = bytes;
      if (!this.reports && !this.exchange) await this.openCollector(state.current.round);
    }
    for (const effect of effects) {
      if (effect.kind === 'publish' || effect.kind === 'abandon') await this.conclude(effect.record, []);
    }
  }

  /** The tickets that count once the current round is published: not those that a robust rule set aside. */
  counted(contributors: readonly ClientId[]): (readonly [ClientId, number])[] {
    const { current } = this.state;
    if (!current) return [];
    const among = new Set(contributors);
    return clientEntries(current.members).flatMap(([client, { ticket }]) =>
      among.has(client) ? [[client, ticket] as const] : [],
    );
  }

  async #loadModel(round: number, epoch: number): Promise<Model<S>> {
    const key = stateKey({ round, epoch });
    const bytes = await this.store.get(key);
    if (!bytes) throw malformed(`the state that the snapshot names, ${key}`, 'none');
    return this.#modelOf(decodeState(bytes, this.#owner) as S, round, epoch);
  }

  async #modelOf(state: S, round: number, epoch: number): Promise<Model<S>> {
    const { pipeline, limits: { partBytes = PART_BYTES } = {} } = this.#options;
    const broadcast = pipeline.algorithm.broadcast(state);
    return { state, round, epoch, broadcast: await inTurns(broadcastSteps(broadcast, this.#owner, partBytes)) };
  }

  /** Deletes what no snapshot names: what a crash or a failed deletion has left. */
  async #sweep(): Promise<void> {
    const { current } = this.state;
    const shown = this.#shown;
    const shownKey = stateKey(shown);
    const exchange = current && exchangePrefix(current.round);
    // A server that opened the run meanwhile writes under later epochs: this one may have ended without knowing.
    const stored = sortedByRound(await listKeys(this.store, STATE)).filter(
      (key) => epochOf(key) <= shown.epoch && roundOf(key) < shown.round,
    );
    const { history = 0 } = this.#options;
    const before = stored.slice(stored.length - Math.min(history, stored.length));
    this.#kept = [...before, shownKey].map((key) => ({ round: roundOf(key), epoch: epochOf(key) }));
    const kept = (key: string) =>
      before.includes(key) ||
      key === shownKey ||
      (exchange && key.startsWith(exchange)) ||
      epochOf(key) > this.journal.epoch.number;
    for (const prefix of [STATE, EXCHANGE]) {
      // Waited for: another try at the same round writes under these names again.
      const left = (await listKeys(this.store, prefix)).filter((key) => !kept(key));
      await together(left, AT_A_TIME, (key) => this.store.delete(key));
    }
  }
}

const exchangePrefix = (round: number): string => `${numbered(EXCHANGE, round)}.`;
