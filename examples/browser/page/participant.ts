/**
 * One tab's part in the federation: identity, data, trainer and client, in a worker.
 *
 * @module
 */
import {
  type ClientProgress,
  type Exchange,
  type Examples,
  federatedClient,
  type FederatedClient,
  isFedkitError,
  type Trainer,
} from '@fedkit/core';
import { fetchExchange } from '@fedkit/core/transport/fetch/exchange';
import { pipelineOf, type Privacy } from '../federation.ts';
import { HIDDEN, LOCAL, model, PIXELS } from '../network.ts';
import { unpacked } from '../shards.ts';
import { claimIdentity, type Identity, leftIdentity } from './identity.ts';
import { inTurns } from './in-turns.ts';
import { type Doing, type Order, TILES, type Told, type TrainerKind } from './messages.ts';
import { Pause } from './pause.ts';
import { trainerOf, wasmAllowed } from './trainer.ts';

/** Between two questions while nothing moves: the page hears of what does, and wakes this. */
const IDLE = 600_000;
/** After something failed that time may mend. */
const REST = 3000;
/** Requests longer than this carry a masked update. */
const LARGE = 20_000;

type Say = (message: Told) => void;

/** One tab's part in the federation. */
export class Participant {
  readonly #say: Say;
  readonly #identity: Identity;
  readonly #client: FederatedClient<object>;
  #shard: Examples;
  #drawn: { readonly pixels: Float32Array; readonly label: number }[] = [];
  #wanted: TrainerKind;
  #kind: TrainerKind = 'plain';
  #trainer: Trainer | undefined;
  readonly #pause = new Pause();
  #idle = false;
  #left = new AbortController();
  #fetchModel = true;
  #troubled = false;
  /** What was learned last and has not been sent. */
  #learned: { readonly round: number; readonly update: Float32Array } | undefined;
  #round = 0;
  #now: Doing | undefined;
  readonly #traffic = { up: 0, down: 0, requests: 0 };

  private constructor(
    say: Say,
    identity: Identity,
    { id, examples }: Shard,
    { privacy, trainer }: { readonly privacy: Privacy; readonly trainer: TrainerKind },
  ) {
    this.#say = say;
    this.#identity = identity;
    this.#shard = examples;
    this.#wanted = trainer;
    const { token, sealingKey, store } = identity;
    const ask = fetchExchange({ url: '/fedkit', headers: { authorization: `Bearer ${token}` }, attempts: 2 });
    this.#client = federatedClient({
      id,
      pipeline: pipelineOf(privacy, { sealingKey }),
      trainer: {
        layout: model.layout,
        train: (...work) => this.#train(...work),
        gradient: () => Promise.reject(new Error('not asked for')),
      },
      local: () => LOCAL,
      exchange: this.#metered(ask),
      store,
      signal: this.#left.signal,
      onProgress: (event) => this.#tell(event),
    }) as FederatedClient<object>;
  }

  /** Claims an identity, fetches its digits, and makes a trainer. */
  static async join(order: Extract<Order, { kind: 'start' }>, say: Say): Promise<Participant> {
    const identity = await claimIdentity(order.slot, (slot) => say({ kind: 'taken', slot }));
    const shard = await shardOf(identity, say);
    const participant = new Participant(say, identity, shard, order);
    await participant.#readDrawn();
    const kind = await participant.#prepare();
    say({
      kind: 'ready',
      id: shard.id,
      slot: identity.slot,
      trainer: kind,
      wasm: wasmAllowed(),
      durable: identity.durable,
      examples: shard.examples.labels.length,
      drawn: participant.#drawn.length,
    });
    return participant;
  }

  /** The participant that a closed tab has left under `slot`, for a service worker. `undefined` where a tab is it, or nobody was. */
  static async resume(order: { readonly slot: number; readonly privacy: Privacy }): Promise<Participant | undefined> {
    const left = await leftIdentity(order.slot);
    if (left === undefined) return undefined;
    const silent = (): void => {};
    const shard = await shardOf(left.identity, silent);
    const participant = new Participant(silent, left.identity, shard, { ...order, trainer: 'plain' });
    participant.release = left.release;
    await participant.#readDrawn();
    await participant.#prepare();
    return participant;
  }

  /** Gives the identity back. */
  release: () => void = () => {};

  /**
   * Goes on with what is under way, at most so long; while the server only lets it wait, at most a quarter of that.
   *
   * @returns Whether an update was counted.
   */
  async finish(milliseconds: number): Promise<boolean> {
    const began = performance.now();
    let moved = began;
    while (performance.now() < began + milliseconds && performance.now() < moved + milliseconds / 4) {
      const { next, milliseconds: wait } = await this.#client.step();
      if (next === 'closed' || this.#now === 'uncounted') return false;
      if (this.#now === 'counted') return true;
      // Amid a round it waits for others, who may be slow.
      if (this.#now !== 'waiting') moved = performance.now();
      await this.#pause.sleep(wait);
    }
    return false;
  }

  /** Steps until the run is over, whatever happens on the way. */
  async run(): Promise<void> {
    while (!this.#left.signal.aborted) {
      let wait: number;
      try {
        if (this.#fetchModel) await this.#model();
        const { next, milliseconds } = await this.#client.step();
        if (next === 'closed') {
          await this.#model();
          this.#doing('over');
          return;
        }
        if (this.#troubled) this.#say({ kind: 'better' });
        this.#troubled = false;
        wait =
          this.#idle && next === 'request' && this.#learned === undefined ? Math.max(milliseconds, IDLE) : milliseconds;
      } catch (error) {
        if (this.#left.signal.aborted) return;
        if (!this.#trouble(error)) return;
        wait = REST;
      }
      await this.#pause.sleep(wait);
    }
  }

  async obey(order: Order): Promise<void> {
    if (order.kind === 'leave') {
      this.#left.abort();
      this.#doing('left');
    } else if (order.kind === 'idle') this.#idle = order.idle;
    else if (order.kind === 'published') this.#fetchModel = true;
    else if (order.kind === 'drawn') {
      this.#drawn.push(order);
      const bytes = new Uint8Array(1 + PIXELS);
      bytes[0] = order.label;
      bytes.set(
        order.pixels.map((pixel) => 255 * pixel),
        1,
      );
      await this.#identity.store.put(`drawn/${String(this.#drawn.length).padStart(6, '0')}`, bytes);
      await this.#prepare();
      this.#say({ kind: 'drawn', drawn: this.#drawn.length });
    } else if (order.kind === 'trainer') {
      this.#wanted = order.trainer;
      this.#say({ kind: 'trainer', trainer: await this.#prepare() });
    }
    if (order.kind !== 'idle' || !order.idle) this.#pause.wake();
  }

  async #prepare(): Promise<TrainerKind> {
    const { trainer, kind } = await trainerOf(this.#wanted, this.#examples());
    this.#trainer = trainer;
    this.#kind = kind;
    return kind;
  }

  /** The shard, and ten times what was drawn: it is little, and the visitor's own. */
  #examples(): Examples {
    const extra = Array.from({ length: 10 }, () => this.#drawn).flat();
    const count = this.#shard.labels.length + extra.length;
    const inputs = new Float32Array(count * PIXELS);
    inputs.set(this.#shard.inputs);
    const labels = new Uint8Array(count);
    labels.set(this.#shard.labels);
    for (const [i, { pixels, label }] of extra.entries()) {
      inputs.set(pixels, (this.#shard.labels.length + i) * PIXELS);
      labels[this.#shard.labels.length + i] = label;
    }
    return { inputs, labels };
  }

  async #readDrawn(): Promise<void> {
    for await (const key of this.#identity.store.keys('drawn/')) {
      const bytes = (await this.#identity.store.get(key)) as Uint8Array;
      this.#drawn.push({ label: bytes[0], pixels: Float32Array.from(bytes.subarray(1), (pixel) => pixel / 255) });
    }
  }

  async #train(...[start, objective, options]: Parameters<Trainer['train']>): ReturnType<Trainer['train']> {
    const trainer = this.#trainer as Trainer;
    const kind = this.#kind;
    let began = 0;
    const result = await inTurns(() => {
      began = performance.now();
      return trainer.train(start, objective, options);
    });
    this.#learned = { round: this.#round, update: result.values };
    this.#say({ kind: 'trainer', trainer: kind, milliseconds: performance.now() - began });
    return result;
  }

  #metered(ask: Exchange): Exchange {
    return async (request, how) => {
      this.#traffic.up += request.length;
      this.#traffic.requests++;
      const learned = this.#learned;
      if (request.length > LARGE && learned) {
        this.#learned = undefined;
        const kept = picturesOf(learned.update);
        // From the middle: names and lengths stand at the beginning.
        const from = Math.floor((request.length - TILES * PIXELS) / 2);
        const sent = request.slice(from, from + TILES * PIXELS);
        this.#say({ kind: 'seen', round: learned.round, kept, sent, bytes: request.length });
      }
      try {
        const response = await ask(request, how);
        this.#traffic.down += response.length;
        return response;
      } finally {
        this.#say({ kind: 'traffic', ...this.#traffic });
      }
    };
  }

  async #model(): Promise<void> {
    // Before it is asked for: one that is published meanwhile is fetched too.
    this.#fetchModel = false;
    const { round, params } = await this.#client.model().catch((error: unknown) => {
      this.#fetchModel = true;
      throw error;
    });
    this.#say({ kind: 'model', round, params: params.slice() });
  }

  #tell(event: ClientProgress<unknown>): void {
    if (event.kind === 'waiting') {
      if (this.#learned === undefined) this.#doing('waiting');
    } else if (event.kind === 'joined') {
      this.#round = event.task.round;
      this.#doing('downloading');
    } else if (event.kind === 'downloaded') this.#doing('training');
    else if (event.kind === 'trained') this.#doing('summing');
    else if (event.kind === 'counted' || event.kind === 'accepted') this.#doing('counted');
    else if (event.kind === 'discarded' || event.kind === 'expired') {
      this.#learned = undefined;
      this.#doing('uncounted');
    } else if (event.kind === 'retrying') {
      this.#troubled = true;
      this.#say({ kind: 'trouble', trouble: 'retrying', message: event.error.message });
    } else if (event.kind === 'refused') {
      this.#troubled = true;
      this.#say({ kind: 'trouble', trouble: 'refused', message: event.error.message });
    }
  }

  /** Tells it. @returns Whether to go on. */
  #trouble(error: unknown): boolean {
    this.#troubled = true;
    const message = error instanceof Error ? error.message : String(error);
    if (isFedkitError(error, 'SHAPE_MISMATCH')) this.#say({ kind: 'trouble', trouble: 'outdated', message });
    else if (isFedkitError(error, 'PROTOCOL_STATE')) this.#say({ kind: 'trouble', trouble: 'closed-out', message });
    else if (message.includes('QuotaExceededError')) {
      this.#say({ kind: 'trouble', trouble: 'full', message });
      return true;
    } else if (isFedkitError(error, 'UNAVAILABLE')) {
      this.#say({ kind: 'trouble', trouble: 'retrying', message });
      return true;
    } else this.#say({ kind: 'trouble', trouble: 'fault', message });
    return false;
  }

  #doing(doing: Doing): void {
    this.#now = doing;
    this.#say({ kind: 'doing', doing, ...(this.#round > 0 && { round: this.#round }) });
  }
}

/** What the units that learned most learned: 28 × 28 weights each. */
function picturesOf(update: Float32Array): Float32Array {
  const norms = Array.from({ length: HIDDEN }, (_, unit) => {
    let squares = 0;
    for (let p = 0; p < PIXELS; p++) squares += update[p * HIDDEN + unit] ** 2;
    return { unit, squares };
  }).sort((a, b) => b.squares - a.squares);
  const pictures = new Float32Array(TILES * PIXELS);
  for (let tile = 0; tile < TILES; tile++) {
    for (let p = 0; p < PIXELS; p++) pictures[tile * PIXELS + p] = update[p * HIDDEN + norms[tile].unit];
  }
  return pictures;
}

/** A name, and the digits that come with it. */
interface Shard {
  readonly id: string;
  readonly examples: Examples;
}

/** This tab's shard: asked for once, and kept. */
async function shardOf({ store, token }: Identity, say: Say): Promise<Shard> {
  for (;;) {
    try {
      const [digits, name] = await Promise.all([store.get('digits'), store.get('name')]);
      if (digits && name) return { id: new TextDecoder().decode(name), examples: unpacked(digits) };
      const response = await fetch('/digits', { headers: { authorization: `Bearer ${token}` } });
      const id = response.headers.get('participant');
      if (!response.ok || id === null) throw new Error(`status ${response.status}`);
      const bytes = new Uint8Array(await response.arrayBuffer());
      await store.put('digits', bytes);
      await store.put('name', new TextEncoder().encode(id));
      say({ kind: 'better' });
      return { id, examples: unpacked(bytes) };
    } catch (error) {
      const full = String(error).includes('QuotaExceededError');
      say({ kind: 'trouble', trouble: full ? 'full' : 'retrying', message: String(error) });
      await new Promise((resolve) => setTimeout(resolve, REST));
    }
  }
}
