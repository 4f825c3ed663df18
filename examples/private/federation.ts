/**
 * The server's side of the experiment: rounds of one pipeline, each measured.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import {
  type ClientId,
  encodeState,
  type FedAvgUpdate,
  isFedkitError,
  type PipelineFacts,
  type Rng,
  type RoundMetrics,
  seededRng,
} from '@fedkit/core';
import type { Collected, ExchangeCollector, RoundFacts } from '@fedkit/core/pipeline';
import type { Answer } from './clients.ts';
import {
  DROPOUTS,
  type Experiment,
  type FederationKind,
  type MnistPipeline,
  model,
  selection,
  USERS,
  users,
} from './experiment.ts';
import type { Population } from './threads.ts';

/** One round, by itself. */
export interface RoundReport {
  readonly round: number;
  readonly cohort: number;
  readonly survivors: number;
  readonly testAccuracy: number;
  readonly testLoss: number;
  /** Of a client that stayed to the end, on average. */
  readonly bytesUp: number;
  readonly bytesDown: number;
  /** What a client was busy, on average, on one core. */
  readonly clientSeconds: number;
  readonly seconds: number;
  readonly facts: PipelineFacts;
  /** Why nothing was released, where nothing was. */
  readonly abandoned?: string;
}

/** What the server saw of one client in the first round that released something, next to what nobody may see. */
export interface Glimpse {
  readonly round: number;
  readonly client: ClientId;
  readonly trueUpdate: Float32Array;
  /** The client's message that carries its update. */
  readonly seen: Uint8Array;
  /** What the round released. */
  readonly released: Float32Array;
}

export interface RunReport {
  readonly kind: FederationKind;
  readonly rounds: readonly RoundReport[];
  /** Rounds that each user's update went into. */
  readonly participations: readonly number[];
  readonly glimpse: Glimpse | undefined;
  readonly params: Float32Array;
}

export interface RunOptions {
  readonly kind: FederationKind;
  readonly pipeline: MnistPipeline;
  readonly experiment: Experiment;
  readonly rounds: number;
  readonly population: Population;
  readonly onRound: (report: RoundReport) => void;
  readonly signal: AbortSignal;
}

/** Runs rounds over all users. The same seed draws the same cohorts and dropouts whatever the pipeline. */
export async function runFederation(options: RunOptions): Promise<RunReport> {
  const { kind, pipeline, experiment, population } = options;
  const { algorithm } = pipeline;
  const participations = new Map<ClientId, number>(users.map((user) => [user, 0]));
  const reports: RoundReport[] = [];
  let state = algorithm.init(model.init(seededRng(experiment.seed)));
  let glimpse: Glimpse | undefined;
  for (let round = 1; round <= options.rounds; round++) {
    options.signal.throwIfAborted();
    const began = performance.now();
    const rng = seededRng(experiment.seed).fork('round', round);
    const { clients: cohort, scheme } = selection.select(users, rng.fork('cohort'));
    const vanishing = dropouts(cohort, rng.fork('dropouts'));
    const broadcast = encodeState(algorithm.broadcast(state), { kind: algorithm.kind, model: model.layout.digest() });
    const modelDigest = new Uint8Array(createHash('sha256').update(broadcast).digest());
    const server = pipeline.server();
    const parameters = server.announce({ round, places: cohort.length, modelDigest });
    const stayed = cohort.filter((client) => !vanishing.before.includes(client) && !vanishing.after.includes(client));
    const traffic = new Traffic(parameters.length + broadcast.length);
    const lookInto = glimpse === undefined ? stayed[0] : undefined;
    const order = { round, parameters, modelDigest, params: algorithm.params(state), vanishing };
    await population.open(kind, { ...order, ...(lookInto === undefined ? {} : { lookInto }) });
    let seconds = 0;
    let seen = new Uint8Array(0);
    let trueUpdate: Float32Array | undefined;
    const facts: RoundFacts = { round, scheme, population: USERS };
    /** What becomes of each answer that comes. */
    const hand =
      (receive: (client: ClientId, bytes: Uint8Array) => unknown, carriesUpdate: boolean) => async (answer: Answer) => {
        seconds += answer.seconds;
        trueUpdate ??= answer.trueUpdate;
        if (answer.mail === undefined) return;
        const [client, bytes] = answer.mail;
        traffic.up(client, bytes);
        if (client === lookInto && carriesUpdate) seen = bytes.slice();
        await receive(client, bytes);
      };
    let collected: Collected<FedAvgUpdate> | undefined;
    let metrics: RoundMetrics | undefined;
    let abandoned: string | undefined;
    try {
      if (server.collects === 'reports') {
        const collector = server.open({ round, parameters });
        const accept = hand((client, bytes) => collector.accept(client, bytes), true);
        await population.start(kind, cohort, accept);
        collected = await collector.close(facts);
        collector.dispose();
      } else {
        const collector = server.open({ round, parameters, persist: async () => {} });
        const receive = () => hand((client, bytes) => collector.receive(client, bytes), collector.stage === 'input');
        await population.start(kind, cohort, receive());
        for (;;) {
          await collector.advance(facts);
          if (collector.finished) break;
          await population.deliver(kind, letters(collector, cohort, traffic), receive());
        }
        collected = await collector.close(facts);
        collector.dispose();
      }
    } catch (error) {
      // Too few left: nothing was opened, and the model stays.
      if (!isFedkitError(error, 'THRESHOLD_NOT_MET')) throw error;
      abandoned = error.message;
    }
    if (collected) {
      const { aggregate, contributors, noiseStd } = collected;
      metrics = algorithm.metricsOf?.(aggregate, noiseStd?.metrics);
      for (const client of contributors) participations.set(client, (participations.get(client) ?? 0) + 1);
      state = algorithm.serverStep(state, aggregate, { round, cohort: contributors.length, population: USERS });
      if (lookInto !== undefined && trueUpdate !== undefined) {
        glimpse = { round, client: lookInto, trueUpdate, seen, released: aggregate.update };
      }
    }
    const { accuracy, loss } = await population.evaluate(algorithm.params(state));
    const report: RoundReport = {
      round,
      cohort: cohort.length,
      survivors: collected?.contributors.length ?? 0,
      testAccuracy: accuracy,
      testLoss: loss,
      ...traffic.averages(stayed),
      clientSeconds: seconds / cohort.length,
      seconds: (performance.now() - began) / 1000,
      facts: { ...collected?.facts, ...(metrics && { metrics }) },
      ...(abandoned === undefined ? {} : { abandoned }),
    };
    reports.push(report);
    options.onRound(report);
  }
  return {
    kind,
    rounds: reports,
    participations: [...participations.values()],
    glimpse,
    params: algorithm.params(state),
  };
}

function letters(
  collector: ExchangeCollector<FedAvgUpdate>,
  cohort: readonly ClientId[],
  traffic: Traffic,
): [ClientId, Uint8Array][] {
  return cohort.flatMap((client) => {
    const message = collector.messageFor(client);
    if (message === undefined) return [];
    traffic.down(client, message);
    return [[client, message] as [ClientId, Uint8Array]];
  });
}

/** Every client vanishes with probability {@link DROPOUTS}, half of them before their input is sent. */
function dropouts(cohort: readonly ClientId[], rng: Rng): { before: ClientId[]; after: ClientId[] } {
  const before: ClientId[] = [];
  const after: ClientId[] = [];
  for (const client of cohort) {
    if (rng.uniform() < DROPOUTS) (rng.uniform() < 0.5 ? before : after).push(client);
  }
  return { before, after };
}

/** Bytes by client. */
class Traffic {
  readonly #up = new Map<ClientId, number>();
  readonly #down = new Map<ClientId, number>();
  readonly #everyone: number;

  /** @param everyone - Bytes that every client receives to begin with. */
  constructor(everyone: number) {
    this.#everyone = everyone;
  }

  up(client: ClientId, bytes: Uint8Array): void {
    this.#up.set(client, (this.#up.get(client) ?? 0) + bytes.length);
  }

  down(client: ClientId, bytes: Uint8Array): void {
    this.#down.set(client, (this.#down.get(client) ?? 0) + bytes.length);
  }

  averages(clients: readonly ClientId[]): { bytesUp: number; bytesDown: number } {
    const mean = (of: Map<ClientId, number>) =>
      clients.reduce((sum, client) => sum + (of.get(client) ?? 0), 0) / clients.length;
    return { bytesUp: mean(this.#up), bytesDown: this.#everyone + mean(this.#down) };
  }
}
