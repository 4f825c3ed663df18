/**
 * A whole round in one process: the same state machines, the same bytes, no network.
 *
 * @module
 */
import { checkOptions, type OptionNames } from '@fedkit/core/internal';
import { type ClientId, secureRng } from '@fedkit/core';
import { MODES, type RoundConfig, type RoundOptions, roundConfig } from '../config/round-config.ts';
import type { CryptoProvider } from '../crypto/provider.ts';
import { SecAggClient } from '../client/client.ts';
import type { InputVectors } from '../client/input.ts';
import type { MaskExecutor } from '../executor/mask-task.ts';
import type { Directory } from '../directory.ts';
import type { Identity } from '../identity.ts';
import type { ClientPolicy } from '../policy.ts';
import type { SecAggResult } from '../server/options.ts';
import { SecAggServer } from '../server/server.ts';
import type { ServerStage } from '../server/round.ts';
import { testingIdentities } from './identities.ts';
import { testingRng } from './rng.ts';

/** The stage in which a client falls silent: it got the request and the answer never arrives. */
export type DropStage = 'advertise' | 'reveal' | 'share' | 'input' | 'consistency' | 'unmask';

/** A round to run. */
export interface RunRoundOptions {
  /** What each client adds, by its id; the order is the order of arrival. */
  readonly inputs: Readonly<Record<ClientId, InputVectors>>;
  /** A resolved configuration, or options whose `clients` is by default the number of inputs. */
  readonly config: RoundConfig | (Omit<RoundOptions, 'clients'> & { readonly clients?: number });
  /** Who falls silent where. */
  readonly drop?: Partial<Record<DropStage, readonly ClientId[]>>;
  /** Integer weights by client; default 1. */
  readonly weights?: Readonly<Record<ClientId, number>>;
  /** Default: everything the configuration asks for is accepted, with `corruptFraction` 0. */
  readonly policy?: ClientPolicy;
  /** Makes the round repeat, byte for byte; default: secure randomness. */
  readonly seed?: number | string;
  /** Default: made from the seed, with their directory, where the round has identities. */
  readonly identities?: Readonly<Record<ClientId, Identity>>;
  readonly directory?: Directory;
  readonly executor?: MaskExecutor;
  readonly provider?: CryptoProvider;
  /** Sees every message: sender or recipient, direction, stage, bytes. May throw to stop the round. */
  readonly onMessage?: (message: RecordedMessage) => void;
}

/** One message of a round. */
export interface RecordedMessage {
  readonly direction: 'up' | 'down';
  readonly client: ClientId;
  readonly stage: ServerStage;
  readonly bytes: Uint8Array;
}

/** The result with what it took. */
export interface RunRoundResult extends SecAggResult {
  readonly config: RoundConfig;
  /** Bytes by client. */
  readonly bytesUp: Readonly<Record<ClientId, number>>;
  readonly bytesDown: Readonly<Record<ClientId, number>>;
}

/** A policy that accepts `config`, for clients that assume nobody is corrupt. */
export function acceptingPolicy(config: RoundConfig): ClientPolicy {
  return {
    minimumClients: 2,
    minimumThreshold: 2,
    maximumEntries: Number.MAX_SAFE_INTEGER,
    modes: MODES,
    suites: ['aes-128-ctr', 'chacha20'],
    corruptFraction: 0,
    maximumWrapProbability: 0.5,
    modelDigest: config.modelDigest,
  };
}

/**
 * Runs a round with the given dropouts.
 *
 * @throws FedkitError as the server's `advance` does where too few remain.
 */
export async function runRound(options: RunRoundOptions): Promise<RunRoundResult> {
  checkOptions('runRound', options, {
    inputs: true,
    config: true,
    drop: true,
    weights: true,
    policy: true,
    seed: true,
    identities: true,
    directory: true,
    executor: true,
    provider: true,
    onMessage: true,
  } satisfies OptionNames<typeof options>);
  const ids = Object.keys(options.inputs);
  const config =
    'session' in options.config && 'vectors' in options.config && Array.isArray(options.config.vectors)
      ? (options.config as RoundConfig)
      : roundConfig(seededSession({ clients: ids.length, ...options.config } as RoundOptions, options.seed));
  const made = config.identities && options.identities === undefined ? testingIdentities(ids, options.seed ?? 0) : {};
  const { provider, executor, directory, identities, drop = {}, weights = {} } = { ...options, ...made };
  const shared = provider === undefined ? {} : { provider };
  const server = new SecAggServer({
    config,
    ...shared,
    ...(executor === undefined ? {} : { executor }),
    ...(directory === undefined ? {} : { directory }),
  });
  const bytesUp: Record<ClientId, number> = {};
  const bytesDown: Record<ClientId, number> = {};
  const record = (direction: 'up' | 'down', client: ClientId, bytes: Uint8Array): void => {
    const count = direction === 'up' ? bytesUp : bytesDown;
    count[client] = (count[client] ?? 0) + bytes.length;
    options.onMessage?.({ direction, client, stage: server.stage, bytes });
  };
  const silent = new Set<ClientId>();
  const send = async (client: ClientId, bytes: Uint8Array | undefined): Promise<void> => {
    if (drop[server.stage as DropStage]?.includes(client) === true) silent.add(client);
    if (silent.has(client) || bytes === undefined) return;
    record('up', client, bytes);
    await server.receive(client, bytes);
  };

  const clients = new Map<ClientId, SecAggClient>();
  for (const id of ids) {
    const identity = identities?.[id];
    const client = new SecAggClient({
      id,
      config,
      policy: options.policy ?? acceptingPolicy(config),
      persist: async () => undefined,
      singleInstance: true,
      sealingKey: new Uint8Array(32),
      rng: options.seed === undefined ? secureRng() : testingRng(`${options.seed}/${id}`),
      ...shared,
      ...(identity === undefined ? {} : { identity }),
      ...(directory === undefined ? {} : { directory }),
    });
    clients.set(id, client);
    await send(id, await client.start());
  }
  while (server.stage !== 'finished') {
    for (const [id, bytes] of await server.advance()) {
      if (silent.has(id)) continue;
      record('down', id, bytes);
      const client = clients.get(id) as SecAggClient;
      const weight = weights[id];
      if (server.stage === 'input') client.setInput(options.inputs[id], weight === undefined ? {} : { weight });
      await send(id, await client.receive(bytes));
    }
  }
  return { ...server.result(), config, bytesUp, bytesDown };
}

function seededSession(options: RoundOptions, seed: number | string | undefined): RoundOptions {
  if (seed === undefined || options.session !== undefined) return options;
  return { ...options, session: testingRng(`${seed}/session`).fill(new Uint8Array(16)) };
}
