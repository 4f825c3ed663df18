/**
 * A round held open between steps: real clients and a real server, with every message in hand, so that a cheat can send
 * what no honest party would. Refusals are collected, and so is every secret that was drawn, to look for in them.
 *
 * @module
 */
import { checkOptions, type OptionNames } from '@fedkit/core/internal';
import { type ClientId, type FedkitError, type SecureRng, isFedkitError } from '@fedkit/core';
import { SecAggClient, type SecAggClientOptions } from '../client/client.ts';
import {
  type RoundConfig,
  type RoundOptions,
  ROUND_OPTIONS,
  configOf,
  hasConsistencyRound,
} from '../config/round-config.ts';
import { hex } from '../internal/bytes.ts';
import { admitForTesting } from '../randomness.ts';
import { SecAggServer } from '../server/server.ts';
import { testingIdentities } from './identities.ts';
import { testingRng } from './rng.ts';
import { acceptingPolicy } from './run-round.ts';

/** What a rehearsal needs of a client; {@link SecAggClient} is one. */
export type ClientUnderTest = Pick<SecAggClient, 'start' | 'setInput' | 'receive'>;

/** Makes the client that is held against the cheats; default: `new SecAggClient(options)`. */
export type MakeClient = (options: SecAggClientOptions) => ClientUnderTest;

/** How a rehearsal is set up. */
export interface RehearsalOptions {
  readonly config: RoundConfig;
  readonly makeClient?: MakeClient;
  /** Default 0. */
  readonly seed?: number | string;
  /** Changes to one client's options. */
  readonly change?: (id: ClientId) => Partial<SecAggClientOptions>;
  readonly server?: SecAggServer;
}

/** A message that was refused. */
export interface Refusal {
  /** The client's id, or `server`. */
  readonly by: string;
  readonly error: FedkitError;
}

const SEALING_KEY = new Uint8Array(32).fill(0x5e);

/** A small round to cheat in: 7 clients `c0` … `c6` in a complete graph, t = 5, three entries in [−100, 100]. */
export function rehearsalConfig(mode: RoundConfig['mode'], options: Partial<RoundOptions> = {}): RoundConfig {
  checkOptions('rehearsalConfig', options, ROUND_OPTIONS);
  return configOf({
    clients: 7,
    vectors: { update: { length: 3, bound: 100 } },
    corruptFraction: 0,
    dropoutFraction: 0,
    graph: 'complete',
    threshold: 5,
    minimumClients: 5,
    session: new Uint8Array(16).fill(0x61),
    mode,
    ...options,
  });
}

/** Server and clients of one round, with the messages of the current stage. */
export class Rehearsal {
  readonly config: RoundConfig;
  readonly server: SecAggServer;
  readonly ids: readonly ClientId[];
  readonly clients: Map<ClientId, ClientUnderTest> = new Map();
  /** Options each client was made with, to make it again. */
  readonly options: Map<ClientId, SecAggClientOptions> = new Map();
  /** What each client saved last. */
  readonly saved: Map<ClientId, Uint8Array> = new Map();
  /** What the server sent last, and what the clients answered to it. */
  sent: Map<ClientId, Uint8Array> = new Map();
  answers: Map<ClientId, Uint8Array> = new Map();
  readonly refusals: Refusal[] = [];
  /** Every run of random bytes a client drew, hexadecimal. */
  readonly drawn: Set<string> = new Set();

  constructor(options: RehearsalOptions) {
    checkOptions('Rehearsal', options, {
      config: true,
      makeClient: true,
      seed: true,
      change: true,
      server: true,
    } satisfies OptionNames<typeof options>);
    const { config, seed = 0, change, server, makeClient } = options;
    this.config = config;
    this.ids = Array.from({ length: config.clients }, (_, i) => `c${i}`);
    const { identities, directory } = testingIdentities(this.ids, seed);
    this.server = server ?? new SecAggServer({ config, ...(config.identities ? { directory } : {}) });
    for (const id of this.ids) {
      const own = { config, ...change?.(id) };
      const options: SecAggClientOptions = {
        id,
        policy: acceptingPolicy(own.config),
        singleInstance: true,
        persist: async (state) => void this.saved.set(id, state.slice()),
        sealingKey: SEALING_KEY,
        rng: this.#watched(testingRng(`${seed}/${id}`)),
        ...(config.identities ? { identity: identities[id], directory } : {}),
        ...own,
      };
      this.options.set(id, options);
      this.clients.set(id, makeClient === undefined ? new SecAggClient(options) : makeClient(options));
    }
  }

  /** The input of a client: (i, −i, 100). */
  static input(id: ClientId): { update: Int32Array } {
    const i = Number(id.slice(1));
    return { update: Int32Array.of(i, -i, 100) };
  }

  /** The sum over `ids`. */
  static sum(ids: readonly ClientId[]): Int32Array {
    const total = ids.reduce((sum, id) => sum + Number(id.slice(1)), 0);
    return Int32Array.of(total, -total, 100 * ids.length);
  }

  /** Offers a client a message; `undefined` where it refuses, which is noted. Anything but a typed refusal is thrown. */
  async offer(id: ClientId, message: Uint8Array): Promise<Uint8Array | undefined> {
    return this.#noting(id, () => (this.clients.get(id) as ClientUnderTest).receive(message));
  }

  /** Offers the server a message; whether it took it. */
  async submit(id: ClientId, message: Uint8Array): Promise<boolean> {
    return (await this.#noting('server', async () => (await this.server.receive(id, message), true))) === true;
  }

  /** Every client but the silent answers what it was sent; nothing reaches the server yet. */
  async answer(silent: readonly ClientId[] = []): Promise<Map<ClientId, Uint8Array>> {
    this.answers = new Map();
    const { stage } = this.server;
    for (const id of this.ids) {
      if (silent.includes(id)) continue;
      const client = this.clients.get(id) as ClientUnderTest;
      const message = this.sent.get(id);
      if (stage === 'input' && message !== undefined) client.setInput(Rehearsal.input(id));
      const answer =
        stage === 'advertise'
          ? await client.start()
          : message === undefined
            ? undefined
            : await this.offer(id, message);
      if (answer !== undefined) this.answers.set(id, answer);
    }
    return this.answers;
  }

  /** The answers reach the server, and it goes on; false where it refuses to. */
  async advance(): Promise<boolean> {
    for (const [id, bytes] of this.answers) await this.submit(id, bytes);
    const next = await this.#noting('server', async () => this.server.advance());
    if (next !== undefined) this.sent = new Map(next);
    return next !== undefined;
  }

  /** Runs stages until the server is in `stage`; false where it stops before. */
  async until(stage: SecAggServer['stage'], silent: readonly ClientId[] = []): Promise<boolean> {
    while (this.server.stage !== stage) {
      await this.answer(silent);
      if (!(await this.advance())) return false;
    }
    return true;
  }

  /** Until survivors are about to be named: the stage in which servers lie about them. */
  untilSurvivors(silent: readonly ClientId[] = []): Promise<boolean> {
    return this.until(hasConsistencyRound(this.config) ? 'consistency' : 'unmask', silent);
  }

  /** How the round ended: with the exact sum over its survivors, with another, or with none. */
  get sum(): 'right' | 'wrong' | 'none' {
    if (this.server.stage !== 'finished') return 'none';
    const { sums, survivors } = this.server.result();
    const wanted = Rehearsal.sum(survivors);
    return sums.update.every((value, i) => value === wanted[i]) ? 'right' : 'wrong';
  }

  /** Texts of refusals that show what a client drew. */
  get leaks(): string[] {
    const texts = this.refusals.map(({ error }) => `${error.message} ${JSON.stringify(error.details)} ${error.stack}`);
    return texts.filter((text) => [...this.drawn].some((secret) => text.includes(secret)));
  }

  async #noting<T>(by: string, act: () => Promise<T>): Promise<T | undefined> {
    try {
      return await act();
    } catch (error) {
      if (!isFedkitError(error)) throw error;
      this.refusals.push({ by, error });
      return undefined;
    }
  }

  #watched(rng: SecureRng): SecureRng {
    const fill = rng.fill.bind(rng);
    return admitForTesting(
      Object.assign(rng, {
        fill: <T extends Uint8Array>(bytes: T): T => {
          fill(bytes);
          // Eight bytes in hexadecimal come up by chance in none of these texts.
          if (bytes.length >= 8) this.drawn.add(hex(bytes.subarray(0, 8)));
          return bytes;
        },
      }),
    );
  }
}
