/**
 * Being there: a node's registration, activation and heartbeat.
 *
 * @module
 */
import { FedkitError, isFedkitError } from '@fedkit/core';
import { onAbort, sleep, systemClock } from '@fedkit/core/internal';
import type { NodeKeys, StorableKey } from '../key/node-key.ts';
import { ACTIVATE, DEACTIVATE, HEARTBEAT, REGISTER, UNREGISTER } from '../proto/messages.ts';
import type { CompleteOptions } from './contract.ts';
import { FleetClient, flowerCode } from './fleet-client.ts';
import type { NodeMemory } from './memory.ts';

/** Flower's codes: the key has registered before; registering is not for nodes; activation of a node that is online. */
const KEY_IN_USE = 23;
const REGISTRATION_DISABLED = 2001;
const NOT_ACTIVATED = 2004;

/** One node's standing with its SuperLink. */
export class Presence {
  readonly client: FleetClient;
  readonly #options: CompleteOptions;
  readonly #memory: NodeMemory;
  readonly #key: StorableKey;
  readonly #controller = new AbortController();
  #nodeId: bigint | undefined;
  #deafen = (): void => {};

  private constructor(options: CompleteOptions, memory: NodeMemory, key: StorableKey, nodeId: bigint | undefined) {
    this.#options = options;
    this.#memory = memory;
    this.#key = key;
    this.#nodeId = nodeId;
    const { url, fetch, rng, timeout, maximumMessageBytes, onProgress } = options;
    this.client = new FleetClient({
      url,
      key,
      fetch,
      rng,
      timeout,
      maximumAnswer: maximumMessageBytes + 65_536,
      now: () => Date.now(),
      signal: this.#controller.signal,
      onRetry: (error, milliseconds) => onProgress({ kind: 'retrying', error, milliseconds }),
    });
  }

  static async open(options: CompleteOptions, keys: NodeKeys, memory: NodeMemory): Promise<Presence> {
    const { key, nodeId } = await memory.identity(keys);
    return new Presence(options, memory, key, nodeId);
  }

  /** Fires with the caller's signal, and when the heartbeat fails for good. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** SubjectPublicKeyInfo. */
  get publicKey(): Uint8Array {
    return this.#key.publicKey;
  }

  /** After {@link Presence.join}. */
  get nodeId(): bigint {
    return this.#nodeId as bigint;
  }

  /** Comes online: registers a new key, goes on as the node that a known one is. Hears the caller's signal until {@link Presence.end}. */
  async join(): Promise<void> {
    const { signal, onProgress } = this.#options;
    const stop = () => this.#controller.abort(signal?.reason);
    if (signal?.aborted) stop();
    this.#deafen = onAbort(signal, stop);
    if (this.#nodeId !== undefined && (await this.#isKnown())) {
      onProgress({ kind: 'online', nodeId: this.nodeId, resumed: true });
      return;
    }
    await this.#register();
    await this.#activate();
    onProgress({ kind: 'online', nodeId: this.nodeId, resumed: false });
  }

  /** A node that is online cannot be activated again, but its heart goes on beating for whoever has its id. */
  async #isKnown(): Promise<boolean> {
    try {
      return await this.#beat();
    } catch (error) {
      // A SuperLink that lost its memory knows neither key nor id.
      if (isFedkitError(error, 'AUTHENTICATION_FAILED') || isFedkitError(error, 'PROTOCOL_STATE')) return false;
      throw error;
    }
  }

  async #register(): Promise<void> {
    try {
      const { nodeId } = await this.client.call(REGISTER, { publicKey: this.client.pem });
      await this.#keep(nodeId);
      this.#options.onProgress({ kind: 'registered', nodeId });
    } catch (error) {
      const code = flowerCode(error);
      if (code !== KEY_IN_USE && code !== REGISTRATION_DISABLED) throw error;
    }
  }

  async #activate(): Promise<void> {
    const { heartbeatInterval } = this.#options;
    const until = systemClock.now() + 2000 * heartbeatInterval + 5000;
    for (;;) {
      try {
        const { nodeId } = await this.client.call(ACTIVATE, { publicKey: this.client.pem, heartbeatInterval });
        await this.#keep(nodeId);
        return;
      } catch (error) {
        // Online under an id that a crash kept from the store: it ends with the last heartbeat's time.
        if (flowerCode(error) !== NOT_ACTIVATED || systemClock.now() > until) throw error;
        const milliseconds = 1000 * Math.min(heartbeatInterval, 5);
        this.#options.onProgress({ kind: 'retrying', error: error as FedkitError, milliseconds });
        await sleep('flowerNode', systemClock, milliseconds, this.signal);
      }
    }
  }

  async #keep(nodeId: bigint): Promise<void> {
    this.#nodeId = nodeId;
    await this.#memory.keepIdentity(this.#key, nodeId);
  }

  async #beat(): Promise<boolean> {
    const { heartbeatInterval } = this.#options;
    const { success } = await this.client.call(HEARTBEAT, { node: { nodeId: this.nodeId }, heartbeatInterval });
    return success;
  }

  /** Runs `work` with a beating heart; where that fails for good, so does this. */
  async during(work: () => Promise<never>): Promise<never> {
    const { heartbeatInterval, rng } = this.#options;
    let failure: unknown;
    const heart = async (): Promise<void> => {
      for (;;) {
        await sleep('flowerNode', systemClock, 1000 * heartbeatInterval * (0.7 + 0.2 * rng.uniform()), this.signal);
        if (!(await this.#beat())) {
          throw new FedkitError(
            'AUTHENTICATION_FAILED',
            'flowerNode: expected a SuperLink that knows this node, got none',
          );
        }
      }
    };
    const beating = heart().catch((error: unknown) => {
      failure = error;
      this.#controller.abort(error);
    });
    try {
      return await work();
    } catch (error) {
      throw isFedkitError(error, 'ABORTED') && failure !== undefined ? failure : error;
    } finally {
      this.#controller.abort();
      await beating;
    }
  }

  /** Hears the caller's signal no more. */
  end(): void {
    this.#deafen();
  }

  /** Goes offline, and is forgotten on both sides. */
  async leave(): Promise<void> {
    if (this.#nodeId !== undefined) {
      const { nodeId } = this;
      for (const call of [DEACTIVATE, UNREGISTER]) {
        await this.client.call(call, { nodeId }).catch((error: unknown) => {
          // Offline, or unknown, or registered by its operator: as good as gone.
          if (!isFedkitError(error, 'PROTOCOL_STATE') && !isFedkitError(error, 'AUTHENTICATION_FAILED')) throw error;
        });
      }
    }
    await this.#memory.forgetIdentity();
  }
}
