/**
 * One simulated round through a pipeline: what clients computed is encoded, folded and decoded as in a federation, and what they
 * keep follows from what was counted.
 *
 * @module
 */
import type { ClientId, Update } from '../aggregate/contract.ts';
import type { ClientReport } from '../algorithm/contract.ts';
import type { ExchangingClient, Pipeline, PipelineFacts, PipelineTask, RoundFacts } from '../pipeline/contract.ts';
import { withSeed } from '../pipeline/parameters.ts';
import type { PlainData } from '../plain-data.ts';
import type { Rng, SecureRng, SeededRng } from '../random.ts';
import type { SecureInput } from '../secure/contract.ts';

/** A pipeline of whatever algorithm: what `simulate` sends updates through. */
export type Channel<
  S extends PlainData,
  B extends PlainData,
  C extends PlainData,
  U extends Update,
  R extends PlainData,
> = Pipeline<S, B, C, U, R>;

/** What a round through a channel came to. */
export interface ChannelResult<C, R> {
  readonly aggregate: R;
  readonly contributors: readonly ClientId[];
  readonly facts: PipelineFacts;
  /** As the pipeline gave it. */
  readonly noiseStd?: Readonly<Record<string, number>>;
  /** What its contributors keep. */
  readonly states: ReadonlyMap<ClientId, C>;
  readonly memories: ReadonlyMap<ClientId, Uint8Array>;
}

/** What a client sends in a round: in it once it is counted. */
export interface Sent {
  /** Of the report, or of the ring's entries. */
  readonly bytes: number;
  count(): void;
}

/** A round that is open. */
export interface ChannelRound<C, U, R> {
  /** Below it nothing is released. */
  readonly minimumContributors: number;
  /** Encodes what a client reported. */
  encode(
    client: ClientId,
    report: ClientReport<U, C>,
    held: { readonly state?: C; readonly memory?: Uint8Array },
  ): Sent;
  close(facts: RoundFacts): Promise<ChannelResult<C, R>>;
  dispose(): void;
}

/** A stream that repeats in the place of one that protects: for simulations alone. */
function simulatedRng(rng: Rng): SecureRng {
  return rng as unknown as SecureRng;
}

/**
 * Opens a round. Everything it draws comes from `rng`, so that the same seed gives the same bytes, noise included.
 *
 * @param options.places - Clients that are going to be added.
 */
export function openChannel<
  S extends PlainData,
  B extends PlainData,
  C extends PlainData,
  U extends Update,
  R extends PlainData,
>(
  channel: Channel<S, B, C, U, R>,
  { round, places, broadcast, rng }: { round: number; places: number; broadcast: B; rng: SeededRng },
): ChannelRound<C, U, R> {
  const { algorithm } = channel;
  const [half, server] = [channel.client(), channel.server()];
  const modelDigest = rng.fork('model').fill(new Uint8Array(32));
  const announced = server.announce({ round, places, modelDigest });
  const parameters = withSeed(announced, rng.fork('seed').fill(new Uint8Array(32)));
  const task: PipelineTask = { round, modelDigest, parameters };
  const states = new Map<ClientId, C>();
  const memories = new Map<ClientId, Uint8Array>();
  const { minimumContributors } = server;

  const keep = (client: ClientId, report: ClientReport<U, C>, state: C | undefined, counted: () => Update) => {
    const held = state === undefined ? {} : { state };
    const own = algorithm.settle?.({ broadcast, ...held, counted: counted() as U, reported: report.state });
    states.set(client, own ?? report.state);
  };
  const only = (contributors: readonly ClientId[]) => {
    const among = new Set(contributors);
    for (const kept of [states, memories])
      for (const client of kept.keys()) if (!among.has(client)) kept.delete(client);
  };

  if (half.sends === 'report' && server.collects === 'reports') {
    const collector = server.open({ round, parameters, rng: simulatedRng(rng.fork('noise')) });
    return {
      minimumContributors,
      encode(client, report, { state, memory }) {
        const stream = simulatedRng(rng.fork('encoding', client));
        const sent = half.encode(task, report.contribution, { rng: stream, client, ...(memory && { memory }) });
        return {
          bytes: sent.bytes.length,
          count() {
            collector.accept(client, sent.bytes);
            keep(client, report, state, sent.counted);
            if (sent.memory) memories.set(client, sent.memory);
          },
        };
      },
      async close(facts) {
        const collected = await collector.close(facts);
        only(collected.contributors);
        return { ...collected, states, memories };
      },
      dispose: () => collector.dispose(),
    };
  }
  if (half.sends !== 'exchange' || server.collects !== 'exchange') throw new Error('two halves of different pipelines');
  const inputs = new Map<ClientId, SecureInput>();
  const persist = async (): Promise<void> => undefined;
  const collector = server.open({ round, parameters, persist });
  return {
    minimumContributors,
    encode(client, report, { state }) {
      const stream = simulatedRng(rng.fork('encoding', client));
      const input = half.input(task, report.contribution, { rng: stream, client });
      return {
        bytes: Object.values(input).reduce((sum, { byteLength }) => sum + byteLength, 0),
        count() {
          inputs.set(client, input);
          keep(client, report, state, () => half.counted(task, report.contribution, input, { client }));
        },
      };
    },
    async close(facts) {
      await converse(half, task, inputs, collector, facts);
      const collected = await collector.close(facts);
      only(collected.contributors);
      return { ...collected, states, memories };
    },
    dispose: () => collector.dispose(),
  };
}

/** Everyone answers every stage. */
async function converse<U extends Update>(
  half: ExchangingClient<U>,
  task: PipelineTask,
  inputs: ReadonlyMap<ClientId, SecureInput>,
  collector: {
    readonly finished: boolean;
    receive(client: ClientId, message: Uint8Array): Promise<void>;
    advance(facts: RoundFacts): Promise<void>;
    messageFor(client: ClientId): Uint8Array | undefined;
  },
  facts: RoundFacts,
): Promise<void> {
  const persist = async (): Promise<void> => undefined;
  const clients = [...inputs].map(([client, input]) => {
    const secure = half.enter(task, { client, persist, singleInstance: true });
    secure.setInput(input);
    return { client, secure };
  });
  for (const { client, secure } of clients) await collector.receive(client, await secure.start());
  while (!collector.finished) {
    await collector.advance(facts);
    if (collector.finished) return;
    for (const { client, secure } of clients) {
      const message = collector.messageFor(client);
      const answer = message && (await secure.receive(message));
      if (answer) await collector.receive(client, answer);
    }
  }
}
