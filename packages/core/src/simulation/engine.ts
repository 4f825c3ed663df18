/**
 * Where a simulation's clients run.
 *
 * @module
 */
import type { ClientId, Update } from '../aggregate/contract.ts';
import type { Algorithm, ClientReport } from '../algorithm/contract.ts';
import { checkOptions, type OptionNames, refuse } from '../check.ts';
import type { LocalTraining, Trainer } from '../client/trainer.ts';
import type { Layout } from '../model/layout.ts';
import type { PlainData } from '../plain-data.ts';
import { seededRng } from '../random.ts';

/** What one client is asked to do. Plain data: it can be posted to a thread or put into a queue. */
export interface ClientTask<B, C> {
  readonly client: ClientId;
  readonly round: number;
  readonly broadcast: B;
  readonly state?: C;
  /** How to train, where it differs from what the engine was told. */
  readonly local?: LocalOptions;
}

/** Clients whose data is made or read when they are asked, and let go once they have reported. */
export interface LazyClients {
  readonly ids: readonly ClientId[];
  trainer(client: ClientId): Trainer | Promise<Trainer>;
}

/** A trainer for each client, or what makes one; in an array, client "0" comes first. */
export type Clients = readonly Trainer[] | ReadonlyMap<ClientId, Trainer> | LazyClients;

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
export type LocalOptions = LocalTraining;

/** What an engine needs to know to run clients. */
export interface EngineOptions<
  S extends PlainData,
  B extends PlainData,
  C extends PlainData,
  U extends Update,
  R extends PlainData,
> {
  /** Both halves of it run here. */
  readonly algorithm: Algorithm<S, B, C, U, R>;
  /** One trainer each. */
  readonly clients: Clients;
  /** How each trains. */
  readonly local: LocalOptions;
  /**
   * With it everything repeats; the client's stream in a round is `seededRng(seed).fork('client', id, 'round', round)`.
   */
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
  checkOptions('inlineEngine', options, {
    algorithm: true,
    clients: true,
    local: true,
    seed: true,
  } satisfies OptionNames<typeof options>);
  const { algorithm, local } = options;
  const source = lazyClients(options.clients);
  const known = new Set(source.ids);
  const root = seededRng(options.seed);
  let common: { layout: Layout; client: ClientId } | undefined;
  const checkLayout = (client: ClientId, { layout }: Trainer) => {
    if (layout && !common) common = { layout, client };
    if (!layout || !common || layout.equals(common.layout)) return;
    const where = `simulate: client ${JSON.stringify(client)}: layout`;
    const expected = `the layout of client ${JSON.stringify(common.client)}, ${describeLayout(common.layout)}`;
    refuse('SHAPE_MISMATCH', where, expected, describeLayout(layout));
  };
  if (!('ids' in options.clients)) {
    for (const [client, trainer] of entries(options.clients)) checkLayout(client, trainer);
  }
  // What is assigned in a closure is still `undefined` to the compiler here.
  const layout = (common as { layout: Layout } | undefined)?.layout;
  return {
    clients: source.ids,
    concurrency: 1,
    ...(layout && { layout }),
    async run({ client, round, broadcast, state, local: own = local }, signal) {
      if (!known.has(client)) refuse('INVALID_ARGUMENT', 'run: client', 'a client of this engine', client);
      const trainer = await source.trainer(client);
      checkLayout(client, trainer);
      return algorithm.clientRound({
        broadcast,
        ...(state !== undefined && { state }),
        trainer,
        round,
        options: { ...own, rng: root.fork('client', client, 'round', round), ...(signal && { signal }) },
      });
    },
  };
}

/** Clients of any kind, one at a time. */
export function lazyClients(clients: Clients): LazyClients {
  if ('ids' in clients) return clients;
  const trainers = new Map(entries(clients));
  return { ids: [...trainers.keys()], trainer: (client) => trainers.get(client) as Trainer };
}

function entries(clients: Exclude<Clients, LazyClients>): Iterable<[ClientId, Trainer]> {
  if (!Array.isArray(clients)) return clients as ReadonlyMap<ClientId, Trainer>;
  return clients.map((trainer: Trainer, i) => [String(i), trainer]);
}

/** A layout in a message: its size and the start of its digest. */
export function describeLayout(layout: Layout): string {
  return `${layout.size} parameters ${layout.digest().slice(0, 8)}`;
}
