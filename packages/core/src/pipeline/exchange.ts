/**
 * The part of a pipeline that secure aggregation plays: a round's terms on both sides, and the collector around its server.
 *
 * @module
 */
import type { ClientId, Contribution, Update } from '../aggregate/contract.ts';
import { checkBytes, refuse } from '../check.ts';
import { FedkitError, isFedkitError } from '../errors.ts';
import { type SecureRng, secureRng } from '../random.ts';
import type {
  Blame,
  SecureAggregation,
  SecureClientKeeping,
  SecureInput,
  SecureServer,
  SecureSums,
  SecureVector,
} from '../secure/contract.ts';
import { secureKeeping } from '../secure/keeping.ts';
import type {
  Collected,
  ExchangeCollector,
  ExchangingClient,
  ExchangingServer,
  PipelineTask,
  RoundFacts,
} from './contract.ts';
import { announceParameters, type Parameters, type PipelineKind, readParameters } from './parameters.ts';

/** What both halves of an exchanging pipeline know. */
export interface ExchangeTerms {
  readonly kind: PipelineKind;
  readonly aggregation: SecureAggregation;
  readonly minimumContributors: number;
  /** The fewest honest contributors that the claim rests on. */
  readonly minimumHonest?: number;
  /** The most places of a round, where the vectors' rings were sized for so many. */
  readonly maximumContributors?: number;
  /** From the pipeline's own options on either side: nothing of it is ever taken from the other. */
  readonly vectors: Readonly<Record<string, SecureVector>>;
}

/** Refuses what is no secure aggregation. */
export function checkAggregation(where: string, aggregation: SecureAggregation): SecureAggregation {
  if (aggregation?.kind !== 'secure-aggregation' || typeof aggregation.proven !== 'function') {
    refuse('INVALID_ARGUMENT', `${where}: aggregation`, 'secureAggregation(…) of @fedkit/secagg', aggregation);
  }
  return aggregation;
}

/** Names that both sides give their vectors: that of a summand, marked, so that none is empty or taken. */
export function vectorName(summand: string): string {
  return `sum:${summand}`;
}

/** What a client's input is drawn with. */
export interface Draw {
  readonly rng: SecureRng;
  readonly client: ClientId;
}

/** What a pipeline makes of a client's contribution. */
export interface ExchangeStart<U extends Update> {
  input(parameters: Parameters, contribution: Contribution<U>, draw: Draw): SecureInput;
  /** As of {@link ExchangingClient}. */
  counted(
    parameters: Parameters,
    contribution: Contribution<U>,
    drawn: SecureInput,
    options: { readonly client: ClientId },
  ): Update;
}

/** The client half around what becomes of contributions. */
export function exchangingClient<U extends Update>(
  exchange: ExchangeTerms,
  start: ExchangeStart<U>,
): ExchangingClient<U> {
  const { kind, aggregation } = exchange;
  const join = (task: PipelineTask, client: ClientId, kept: SecureClientKeeping) =>
    aggregation.client({
      id: client,
      configuration: readParameters(kind, task).configuration,
      terms: {
        round: task.round,
        minimumClients: exchange.minimumContributors,
        ...(exchange.minimumHonest !== undefined && { minimumHonest: exchange.minimumHonest }),
        ...(exchange.maximumContributors !== undefined && { maximumClients: exchange.maximumContributors }),
        modelDigest: checkBytes(`${kind}: modelDigest`, task.modelDigest, 32),
        vectors: exchange.vectors,
      },
      ...kept,
    });
  return {
    sends: 'exchange',
    // Whatever a client would refuse it refuses as it is made, before anything secret exists.
    check: (task) => void join(task, 'check', { persist: async () => undefined, singleInstance: true }),
    input: (task, contribution, options) => start.input(readParameters(kind, task), contribution, options),
    counted: (task, contribution, drawn, options) =>
      start.counted(readParameters(kind, task), contribution, drawn, options),
    enter: (task, { client, ...kept }) => join(task, client, kept),
    sealer: aggregation.sealer,
    keeping: secureKeeping,
  };
}
/** What a pipeline adds to the server of an exchange. */
export interface ExchangeEnd<R> {
  /**
   * Called before the stage that opens the sum, with those whose inputs are in it, and again before it is concluded; throws
   * to stop it.
   */
  charge?(facts: RoundFacts, contributors: readonly ClientId[]): Promise<void>;
  /** The aggregate from the sums, once. */
  conclude(sums: SecureSums, seed: Uint8Array, facts: RoundFacts): Omit<Collected<R>, 'contributors'>;
}

/** The server half around what becomes of the sums. */
export function exchangingServer<R>(exchange: ExchangeTerms, end: ExchangeEnd<R>): ExchangingServer<R> {
  const { kind, aggregation, minimumContributors, minimumHonest = 0 } = exchange;
  return {
    collects: 'exchange',
    minimumContributors,
    announce({ round, places, modelDigest }) {
      if (minimumHonest > 0) {
        const { honest } = aggregation.proven({ clients: places, minimumClients: minimumContributors });
        if (honest < minimumHonest) {
          const expected = `so many that ${minimumHonest} honest contributors are certain`;
          refuse('THRESHOLD_NOT_MET', `${kind}.announce: places`, expected, `${places}, which prove ${honest}`);
        }
      }
      return announceParameters(
        kind,
        round,
        aggregation.configure({
          session: secureRng().fill(new Uint8Array(16)),
          round,
          clients: places,
          minimumClients: minimumContributors,
          modelDigest,
          vectors: exchange.vectors,
        }),
      );
    },
    open({ round, parameters, persist, saved }) {
      const { seed, configuration } = readParameters(kind, { round, parameters });
      const server = aggregation.server({ configuration, persist, ...(saved !== undefined && { saved }) });
      return new Collector<R>(kind, round, seed, server, end);
    },
  };
}

class Collector<R> implements ExchangeCollector<R> {
  readonly #kind: string;
  readonly #round: number;
  readonly #seed: Uint8Array;
  readonly #server: SecureServer;
  readonly #end: ExchangeEnd<R>;
  #collected: Collected<R> | undefined;
  /** Questions to suspects, once unmasking has come to its end; a stage of their own. */
  #questions: ReadonlyMap<ClientId, Uint8Array> | undefined;
  readonly #answered = new Set<ClientId>();
  /** What ended unmasking: told once suspects have had their say. */
  #failure: unknown;
  #settled = false;

  constructor(kind: string, round: number, seed: Uint8Array, server: SecureServer, end: ExchangeEnd<R>) {
    this.#kind = kind;
    this.#round = round;
    this.#seed = seed;
    this.#server = server;
    this.#end = end;
    // Where an earlier server was asking, this one goes on.
    if (server.finished) this.#ask();
  }

  get stage(): string {
    return this.#asking ? 'openings' : this.#server.stage;
  }

  get waitingFor(): readonly ClientId[] {
    if (!this.#asking) return this.#server.waitingFor;
    return [...(this.#questions as ReadonlyMap<ClientId, Uint8Array>).keys()].filter((id) => this.awaits(id));
  }

  awaits(client: ClientId): boolean {
    if (!this.#asking) return this.#server.awaits?.(client) ?? this.#server.waitingFor.includes(client);
    return this.#questions?.has(client) === true && !this.#answered.has(client);
  }

  get ready(): boolean {
    return this.#asking || this.#server.ready;
  }

  get finished(): boolean {
    return !this.#asking && this.#server.finished;
  }

  get blamed(): readonly Blame[] {
    return this.#server.blamed ?? [];
  }

  /** Whether suspects are being asked: nobody else's message is waited for. */
  get #asking(): boolean {
    return this.#questions !== undefined && !this.#settled;
  }

  async receive(client: ClientId, message: Uint8Array): Promise<void> {
    await this.#server.receive(client, message);
    if (this.#asking) this.#answered.add(client);
  }

  leave(client: ClientId): void {
    this.#server.leave(client);
    this.#answered.add(client);
  }

  async advance(facts: RoundFacts): Promise<void> {
    this.#checkFacts('advance', facts);
    if (this.#asking) {
      await this.#server.keepOpenings?.();
      this.#settled = true;
      if (this.#failure !== undefined) throw this.#failure as Error;
      return;
    }
    const { opening, ready, contributors } = this.#server;
    // Where too few have answered there is nothing to consult about: advancing says so.
    if (opening && ready) await this.#end.charge?.(facts, contributors);
    try {
      await this.#server.advance();
    } catch (error) {
      if (!isFedkitError(error, 'AUTHENTICATION_FAILED') || !this.#ask()) throw error;
      this.#failure = error;
      return;
    }
    if (this.#server.finished) this.#ask();
  }

  /** Whether there is anybody to ask. */
  #ask(): boolean {
    const questions = this.#settled ? undefined : this.#server.askOpenings?.();
    if (questions === undefined || questions.size === 0) return false;
    this.#answered.clear();
    this.#questions = questions;
    return true;
  }

  messageFor(client: ClientId): Uint8Array | undefined {
    return this.#asking ? this.#questions?.get(client) : this.#server.messageFor(client);
  }

  async close(facts: RoundFacts): Promise<Collected<R>> {
    this.#checkFacts('close', facts);
    if (this.#collected === undefined) {
      const sums = this.#server.result();
      await this.#end.charge?.(facts, sums.survivors);
      const concluded = this.#end.conclude(sums, this.#seed, facts);
      const { blamed } = this;
      const known = blamed.length > 0 ? { ...concluded.facts, blamed } : concluded.facts;
      this.#collected = { ...concluded, facts: known, contributors: sums.survivors };
    }
    return this.#collected;
  }

  dispose(): void {
    this.#collected = undefined;
  }

  #checkFacts(call: string, facts: RoundFacts): void {
    if (facts?.round === this.#round) return;
    throw new FedkitError(
      'INVALID_ARGUMENT',
      `${this.#kind}.${call}: expected facts of round ${this.#round}, got those of ${String(facts?.round)}`,
    );
  }
}
