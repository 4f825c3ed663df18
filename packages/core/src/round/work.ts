/**
 * What the machine asks for between requests: opening rounds, ending stages, closing.
 *
 * @module
 */
import { toHex } from '../hex.ts';
import type { ClientId, Update } from '../aggregate/contract.ts';
import { serverSteps } from '../algorithm/server-steps.ts';
import { type ErrorCode, FedkitError, isFedkitError } from '../errors.ts';
import type { Collected, ExchangeCollector, RoundFacts } from '../pipeline/contract.ts';
import type { PlainData } from '../plain-data.ts';
import type { Cohort, Selector } from '../select/contract.ts';
import { partOf } from '../select/part-of.ts';
import { uniformSelection } from '../select/uniform.ts';
import { inTurns } from '../turns.ts';
import { clientEntries } from './client-map.ts';
import type { HeldEpochs } from './held-epochs.ts';
import type { RoundRules } from './round-options.ts';
import type { Run } from './run.ts';
import type { FederatedServerOptions, ServerEvent } from './server-options.ts';
import type { CurrentRound, RoundEffect, RoundEvent } from './state.ts';

/** What happened, without the time. */
export type Happening = RoundEvent extends infer E ? (E extends unknown ? Omit<E, 'time'> : never) : never;

/** Does the machine's bidding on one run. Calls must not overlap. */
export class RoundWork<S extends PlainData, B extends PlainData, U extends Update, R extends PlainData> {
  readonly #options: FederatedServerOptions<S, B, U, R>;
  readonly #run: Run<S, B, U, R>;
  readonly #selection: Selector;
  readonly #tell: (event: ServerEvent) => void;
  /** The time that counts: read once before each piece of work, so that no deadline passes in its midst. */
  time: number;
  /** Bytes that went through since the log was last told. */
  readonly #traffic: () => { readonly up: number; readonly down: number };
  /** Whether no more rounds are to be opened. */
  readonly #draining: () => boolean;
  readonly #held: HeldEpochs;

  constructor(
    options: FederatedServerOptions<S, B, U, R>,
    rules: RoundRules,
    run: Run<S, B, U, R>,
    tell: (event: ServerEvent) => void,
    traffic: () => { readonly up: number; readonly down: number },
    draining: () => boolean,
    held: HeldEpochs,
  ) {
    this.#options = options;
    this.#run = run;
    this.#selection = options.selection ?? uniformSelection({ cohort: rules.places });
    this.#tell = tell;
    this.#traffic = traffic;
    this.#draining = draining;
    this.#held = held;
    this.time = options.clock();
  }

  /** Logs what happened. Traffic goes first, so that a record has it all. */
  step(happening: Happening, bytes?: Uint8Array): readonly RoundEffect[] {
    const { time } = this;
    const { up, down } = this.#traffic();
    const before = up + down === 0 ? [] : this.#run.step({ kind: 'traffic', time, up, down });
    return [...before, ...this.#run.step({ ...happening, time } as RoundEvent, bytes)];
  }

  /** Does what can be done at once; what takes long is left outstanding. */
  async perform(
    effects: readonly RoundEffect[],
    counted: readonly (readonly [ClientId, number])[] = [],
  ): Promise<void> {
    const run = this.#run;
    const told: ServerEvent[] = [];
    for (const effect of effects) {
      switch (effect.kind) {
        case 'open':
          if (!this.#deferred(effect)) await this.#open(effect);
          break;
        case 'drop':
          run.exchange?.leave(effect.client);
          break;
        case 'publish':
        case 'abandon': {
          const { record } = effect;
          await run.conclude(record, counted);
          told.push({ kind: record.outcome, record });
          break;
        }
        case 'checkpoint':
          await run.checkpoint();
      }
    }
    for (const event of told) this.#tell(event);
    if (run.state.phase === 'finished' && told.length > 0) this.#tell({ kind: 'finished' });
  }

  /** Does what is outstanding, until nothing is. */
  async finish(): Promise<void> {
    for (;;) {
      const [effect] = this.#run.state.paused ? [] : this.#run.machine.outstanding(this.#run.state);
      if (effect === undefined || this.#deferred(effect)) return;
      if (effect.kind === 'open') await this.#open(effect);
      else if (effect.kind === 'advance') await this.#advance();
      else if (effect.kind === 'close') await this.#close(effect.facts);
    }
  }

  /** A round that is left for the next server to open. */
  #deferred(effect: RoundEffect): boolean {
    return effect.kind === 'open' && !effect.refill && this.#draining();
  }

  async #open({ round, places, refill }: RoundEffect & { kind: 'open' }): Promise<void> {
    const run = this.#run;
    await this.#orFail(async () => {
      const { draw, minimumContributors } = run.half;
      const waiting = clientEntries(run.state.waiting).map(([client]) => client);
      const available = draw ? waiting.filter((client) => draw.asks(round, client)) : waiting;
      const share = refill ? 1 : (draw?.share(round) ?? 1);
      const all = this.#draw(available, places, refill);
      const { clients, scheme } = partOf(all, share, minimumContributors, this.#options.rng);
      const enough = all.clients.length >= (refill ? 1 : Math.max(1, run.machine.needed(run.state)));
      if (!enough || clients.length < (share === 1 ? 1 : minimumContributors)) {
        return this.perform(this.step({ kind: 'failed', code: 'THRESHOLD_NOT_MET' }));
      }
      if (!refill) {
        const modelDigest = run.broadcast.digest;
        run.parameters = run.half.announce({ round, places: clients.length, modelDigest });
        await run.openCollector(round);
      }
      const stage = run.exchange?.stage;
      const part = share === 1 ? {} : { part: true as const };
      const opened = { kind: 'opened', clients, scheme, population: available.length, ...part } as const;
      await this.perform(this.step(stage === undefined ? opened : { ...opened, stage }, run.parameters));
      this.#tell({ kind: 'opened', round, invited: clients.length });
      // Whom the next round does not ask is not to be counted among those who wait for it.
      const still = draw ? clientEntries(run.state.waiting).map(([client]) => client) : [];
      for (const client of still) {
        if (draw?.asks(round + 1, client) === false) await this.perform(this.step({ kind: 'left', client }));
      }
    });
  }

  /** As the selection says where it can; otherwise whoever is there. */
  #draw(available: readonly ClientId[], places: number, refill: boolean): Cohort {
    const { rng } = this.#options;
    if (!refill) {
      try {
        return this.#selection.select(available, rng);
      } catch (error) {
        if (!isFedkitError(error, 'THRESHOLD_NOT_MET')) throw error;
      }
    }
    const cohort = Math.min(places, available.length);
    const clients = cohort === 0 ? [] : uniformSelection({ cohort }).select(available, rng).clients;
    return { clients, scheme: { kind: 'none' } };
  }

  async #advance(): Promise<void> {
    const run = this.#run;
    await this.#orFail(async () => {
      const { exchange } = run;
      const { round, scheme, population, stage, stageNumber } = run.state.current as CurrentRound;
      if (!exchange) throw new FedkitError('PROTOCOL_STATE', 'federatedServer: expected an exchange, got none');
      // That this stage ends must be known before the collector ends it: after a crash its own state says whether it did.
      await run.journal.confirm();
      if (exchange.stage === stage && !exchange.finished) {
        if (!exchange.ready) return this.perform(this.step({ kind: 'failed', code: 'THRESHOLD_NOT_MET' }));
        await exchange.advance({ round, run: toHex(run.name), scheme, population });
        this.time = this.#options.clock();
      }
      const { finished } = exchange;
      await this.perform(
        this.step({ kind: 'advanced', stage: exchange.stage, awaited: exchange.waitingFor, finished }),
      );
      this.#tell({ kind: 'advanced', round, stage: `${stageNumber + 1} ${exchange.stage}` });
    });
  }

  async #close(facts: RoundFacts): Promise<void> {
    const run = this.#run;
    const { pipeline, until } = this.#options;
    await this.#orFail(async () => {
      // Nothing is released that the store does not hold, or by a server whose run another has opened.
      await run.journal.confirm();
      const collected: Collected<R> = await (run.reports ?? (run.exchange as ExchangeCollector<R>)).close({
        ...facts,
        run: toHex(run.name),
      });
      const { aggregate, contributors } = collected;
      const info = {
        round: facts.round,
        cohort: contributors.length,
        population: Math.max(this.#options.federationSize ?? facts.population, contributors.length),
        ...this.#held.fresh(contributors, pipeline.algorithm.broadcast(run.algorithmState)),
      };
      const next = await inTurns(serverSteps(pipeline.algorithm, run.algorithmState, aggregate, info));
      const last = (await until?.(pipeline.algorithm.params(next), facts.round)) ?? false;
      const metrics = pipeline.algorithm.metricsOf?.(aggregate, collected.noiseStd?.metrics);
      const known = metrics ? { ...collected.facts, metrics } : collected.facts;
      // Before the new model is encoded, which takes memory too; what the round has left elsewhere is known once it is concluded.
      run.reports?.dispose();
      await run.keepState(next, facts.round);
      this.time = this.#options.clock();
      const counted = run.counted(contributors);
      await this.perform(this.step({ kind: 'closed', contributors, facts: known, last }), counted);
    });
  }

  /** A pipeline's refusal ends the round; a store or callback that fails leaves it as it is, to be tried again. */
  async #orFail(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!isFedkitError(error) || TEMPORARY.has(error.code)) throw error;
      this.#tell({ kind: 'failed', error });
      const last = error.code === 'BUDGET_EXHAUSTED';
      const blamed = this.#run.exchange?.blamed ?? [];
      await this.perform(this.step({ kind: 'failed', code: error.code, last, ...(blamed.length > 0 && { blamed }) }));
    }
  }
}

/** Errors that another try may not meet. */
const TEMPORARY: ReadonlySet<ErrorCode> = new Set(['UNAVAILABLE', 'ABORTED']);
