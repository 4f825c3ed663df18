// A round held open between steps, so that tests can send what no honest party would.
import type { Rng } from '@fedkit/core';
import { type RoundOptions, SecAggClient, type SecAggClientOptions, SecAggServer, roundConfig } from '../src/index.ts';
import { acceptingPolicy, testingRng } from '../src/testing/index.ts';

export const SEALING_KEY: Uint8Array = new Uint8Array(32).fill(9);

export type Options = Partial<RoundOptions> & { readonly clients: number };

/** Semi-honest, complete, one vector of three entries in [−100, 100]. */
export function configOf(options: Options) {
  return roundConfig({
    vectors: { update: { length: 3, bound: 100 } },
    corruptFraction: 0,
    dropoutFraction: 0,
    mode: 'semi-honest',
    graph: 'complete',
    session: new Uint8Array(16).fill(1),
    ...options,
  });
}

/** A ring of `clients` with degree and threshold, tolerant enough for small tests. */
export function ringOf(clients: number, degree: number, threshold: number, options: Partial<RoundOptions> = {}) {
  return configOf({ clients, graph: 'harary', degree, threshold, minimumClients: 2, ...options });
}

export type Config = ReturnType<typeof configOf>;

/** The items in another order. */
export function shuffled<T>(items: readonly T[], rng: Rng): T[] {
  const rest = [...items];
  return items.map(() => rest.splice(rng.below(rest.length), 1)[0]);
}

/** Where saved state goes in tests. */
export class Saves {
  readonly all: Uint8Array[] = [];
  fail = false;
  readonly persist = async (state: Uint8Array): Promise<void> => {
    if (this.fail) throw new Error('disk full');
    this.all.push(state.slice());
  };
  get last(): Uint8Array {
    return this.all[this.all.length - 1];
  }
}

export function clientOptions(
  config: Config,
  id: string,
  more: Partial<SecAggClientOptions> = {},
): SecAggClientOptions {
  return {
    id,
    config,
    policy: acceptingPolicy(config),
    persist: async () => undefined,
    singleInstance: true,
    sealingKey: SEALING_KEY,
    rng: testingRng(`client ${id}`),
    ...more,
  };
}

/** Server and clients, with the messages of the current stage. */
export class Round {
  readonly config: Config;
  readonly server: SecAggServer;
  readonly clients = new Map<string, SecAggClient>();
  readonly saves = new Map<string, Saves>();
  readonly given = new WeakSet<SecAggClient>();
  /** Every message so far, in the order it was sent; `openings` is the stage after the last. */
  readonly log: { direction: 'up' | 'down'; client: string; stage: string; bytes: Uint8Array }[] = [];
  #sent = new Map<string, Uint8Array>();
  /** What each client answered to it. */
  answers = new Map<string, Uint8Array>();

  constructor(
    config: Config,
    more: (id: string) => Partial<SecAggClientOptions> = () => ({}),
    server: SecAggServer = new SecAggServer({ config }),
  ) {
    this.config = config;
    this.server = server;
    for (let i = 0; i < config.clients; i++) {
      const id = `c${i}`;
      const saves = new Saves();
      this.saves.set(id, saves);
      this.clients.set(id, new SecAggClient(clientOptions(config, id, { persist: saves.persist, ...more(id) })));
    }
  }

  /** What the server sent last. */
  get sent(): Map<string, Uint8Array> {
    return this.#sent;
  }

  set sent(messages: Map<string, Uint8Array>) {
    this.#sent = messages;
    this.#note('down', messages);
  }

  #note(direction: 'up' | 'down', messages: ReadonlyMap<string, Uint8Array>): void {
    const stage = this.server.stage === 'finished' ? 'openings' : this.server.stage;
    for (const [client, bytes] of messages) this.log.push({ direction, client, stage, bytes: bytes.slice() });
  }

  get ids(): string[] {
    return [...this.clients.keys()];
  }

  client(id: string): SecAggClient {
    return this.clients.get(id) as SecAggClient;
  }

  /** The input of client i: (i, −i, 100). */
  static input(id: string): { update: Int32Array } {
    const i = Number(id.slice(1));
    return { update: Int32Array.of(i, -i, 100) };
  }

  /** The sum over `ids`. */
  static sum(ids: readonly string[]): Int32Array {
    const total = ids.reduce((sum, id) => sum + Number(id.slice(1)), 0);
    return Int32Array.of(total, -total, 100 * ids.length);
  }

  /** Sets the client's input unless it has one. */
  giveInput(id: string): void {
    const client = this.client(id);
    if (client.stage === 'shared' && !this.given.has(client)) client.setInput(Round.input(id));
    this.given.add(client);
  }

  /** Every client but the silent answers what it was sent; nothing reaches the server yet. */
  async answer(silent: readonly string[] = []): Promise<Map<string, Uint8Array>> {
    this.answers = new Map();
    for (const id of this.ids) {
      if (silent.includes(id)) continue;
      const client = this.client(id);
      if (this.server.stage === 'advertise') {
        this.answers.set(id, await client.start());
        continue;
      }
      const message = this.sent.get(id);
      if (message === undefined) continue;
      if (this.server.stage === 'input') this.giveInput(id);
      this.answers.set(id, (await client.receive(message)) as Uint8Array);
    }
    return this.answers;
  }

  /** The answers reach the server. */
  async deliver(silent: readonly string[] = []): Promise<void> {
    const given = new Map([...this.answers].filter(([id]) => !silent.includes(id)));
    this.#note('up', given);
    for (const [id, bytes] of given) await this.server.receive(id, bytes);
  }

  /** One whole stage, up to the next messages. */
  async step(silent: readonly string[] = []): Promise<Map<string, Uint8Array>> {
    await this.answer(silent);
    await this.deliver();
    this.sent = new Map(await this.server.advance());
    return this.sent;
  }

  /** Runs stages until the server is in `stage`. */
  async until(stage: string, silent: readonly string[] = []): Promise<this> {
    while (this.server.stage !== stage) await this.step(silent);
    return this;
  }
}
