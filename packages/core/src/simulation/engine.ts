/**
 * Where a simulation's clients run.
 *
 * @module
 */
import type { ClientId, Update } from '../aggregate/contract.ts';
import type { Algorithm, ClientReport } from '../algorithm/contract.ts';
import { refuse } from '../check.ts';
import type { Trainer, TrainOptions } from '../client/trainer.ts';
import type { Layout } from '../model/layout.ts';
import type { PlainData } from '../plain-data.ts';
import { seededRng } from '../random.ts';

/** What one client is asked to do. Plain data: it can be posted to a thread or put into a queue. */
export interface ClientTask<B, C> {
  readonly client: ClientId;
  readonly round: number;
  readonly broadcast: B;
  readonly state?: C;
}

/** Runs clients. */
export interface ClientEngine<B, C, U> {
  /** Every client, in the order that cohorts keep. */
  readonly clients: readonly ClientId[];
  /** How many tasks to hand out at once. */
  readonly concurrency: number;
  /** Which parameter is which on every client, where known. */
  readonly layout?: Layout;
  run(task: ClientTask<B, C>, signal?: AbortSignal): Promise<ClientReport<U, C>>;
}

/** How every client trains; the stream and the signal come from the simulation. */
export type LocalOptions = Omit<TrainOptions, 'rng' | 'signal'>;

/** What an engine needs to know to run clients. */
export interface EngineOptions<
  S extends PlainData,
  B extends PlainData,
  C extends PlainData,
  U extends Update,
  R extends PlainData,
> {
  readonly algorithm: Algorithm<S, B, C, U, R>;
  /** A trainer for each client; in an array, client "0" comes first. */
  readonly clients: readonly Trainer[] | ReadonlyMap<ClientId, Trainer>;
  readonly local: LocalOptions;
  /** With it everything repeats; the client's stream in a round is `seededRng(seed).fork('client', id, 'round', round)`. */
  readonly seed: number | string | Uint8Array;
}

/**
 * Runs clients here, one after the other.
 *
 * @throws FedkitError `SHAPE_MISMATCH` if two clients know different layouts, by the name of the second.
 */
export function inlineEngine<
  S extends PlainData,
  B extends PlainData,
  C extends PlainData,
  U extends Update,
  R extends PlainData,
>(options: EngineOptions<S, B, C, U, R>): ClientEngine<B, C, U> {
  const { algorithm, local } = options;
  const trainers: ReadonlyMap<ClientId, Trainer> = Array.isArray(options.clients)
    ? new Map(options.clients.map((trainer: Trainer, i) => [String(i), trainer]))
    : (options.clients as ReadonlyMap<ClientId, Trainer>);
  const root = seededRng(options.seed);
  const layout = commonLayout(trainers);
  return {
    clients: [...trainers.keys()],
    concurrency: 1,
    ...(layout && { layout }),
    async run({ client, round, broadcast, state }, signal) {
      const trainer = trainers.get(client);
      if (!trainer) refuse('INVALID_ARGUMENT', 'run: client', 'a client of this engine', client);
      return algorithm.clientRound({
        broadcast,
        ...(state !== undefined && { state }),
        trainer,
        options: { ...local, rng: root.fork('client', client, 'round', round), ...(signal && { signal }) },
      });
    },
  };
}

function commonLayout(trainers: ReadonlyMap<ClientId, Trainer>): Layout | undefined {
  let common: { layout: Layout; client: ClientId } | undefined;
  for (const [client, { layout }] of trainers) {
    if (!layout) continue;
    if (!common) common = { layout, client };
    else if (!layout.equals(common.layout)) {
      const where = `simulate: client ${JSON.stringify(client)}: layout`;
      refuse(
        'SHAPE_MISMATCH',
        where,
        `the layout of client ${JSON.stringify(common.client)}, ${describeLayout(common.layout)}`,
        describeLayout(layout),
      );
    }
  }
  return common?.layout;
}

/** A layout in a message: its size and the start of its digest. */
export function describeLayout(layout: Layout): string {
  return `${layout.size} parameters ${layout.digest().slice(0, 8)}`;
}
