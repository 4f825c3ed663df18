/**
 * The model as the broker keeps it: published once for all clients, as retained messages.
 *
 * @module
 */
import { toHex } from '../../hex.ts';
import type { ClientId } from '../../aggregate/contract.ts';
import { isFedkitError } from '../../errors.ts';
import { decodeResponse, encodeRequest } from '../../protocol/client-message.ts';
import type { RoundTask } from '../../protocol/message.ts';
import type { Clock } from '../../protocol/clock.ts';
import type { RequestHandler } from '../../protocol/exchange.ts';
import { decodePiece, encodePiece } from '../piece.ts';
import { digestOf } from '../../sha256.ts';
import { Assembly } from './assembly.ts';
import { type Broker, isTooLong, type MqttClient } from './client.ts';

const topicOf = (prefix: string, index: number | '+') => `${prefix}/model/${index}`;

/** The server's side: whatever model a task names is published before the task goes out. */
export class ModelPublisher {
  readonly #broker: Broker;
  readonly #prefix: string;
  readonly #handler: RequestHandler;
  readonly #onError: (error: unknown) => void;
  #digest = '';
  #pieces = 0;
  #latest: Promise<void> = Promise.resolve();

  /** @param onError - Told that the broker takes less than was thought: pieces are shorter then. */
  constructor(broker: Broker, prefix: string, handler: RequestHandler, onError: (error: unknown) => void) {
    this.#broker = broker;
    this.#prefix = prefix;
    this.#handler = handler;
    this.#onError = onError;
  }

  /** Resolves once the task's model is with the broker. Rejects where it cannot be: clients ask the server then. */
  offer(client: ClientId, task: RoundTask): Promise<void> {
    const digest = toHex(task.modelDigest);
    if (digest !== this.#digest) {
      this.#digest = digest;
      const before = this.#latest.catch(() => {});
      this.#latest = before.then(() => this.#publish(client, task));
      this.#latest.catch(() => {
        if (this.#digest === digest) this.#digest = '';
      });
    }
    return this.#latest;
  }

  async #publish(client: ClientId, { modelDigest: digest, modelLength: total }: RoundTask): Promise<void> {
    const model = new Uint8Array(total);
    for (let have = 0; have < total; ) {
      const request = encodeRequest({ kind: 'model', digest, offset: have });
      const part = decodeResponse(await this.#handler.handle(client, request));
      if (part.kind !== 'part' || part.total !== total || part.offset !== have || part.bytes.length === 0) {
        throw new Error('the model changed while it was published');
      }
      model.set(part.bytes, have);
      have += part.bytes.length;
    }
    const before = this.#pieces;
    for (;;) {
      try {
        await this.#cut(digest, model);
        break;
      } catch (error) {
        if (!isTooLong(error)) throw error;
        this.#onError(error);
      }
    }
    // An empty retained message takes one away.
    for (let i = this.#pieces; i < before; i++) {
      await this.#broker.publish(topicOf(this.#prefix, i), new Uint8Array(0), true);
    }
  }

  async #cut(digest: Uint8Array, model: Uint8Array): Promise<void> {
    const { chunk } = this.#broker;
    const total = model.length;
    this.#pieces = Math.max(this.#pieces, Math.ceil(total / chunk));
    for (let offset = 0; offset < total; offset += chunk) {
      const bytes = model.subarray(offset, offset + chunk);
      const topic = topicOf(this.#prefix, offset / chunk);
      await this.#broker.publish(topic, encodePiece({ digest, total, offset, bytes }), true);
    }
    this.#pieces = Math.ceil(total / chunk);
  }
}

interface Wanted {
  readonly digest: string;
  readonly done: Promise<Uint8Array | undefined>;
}

/** A client's side. */
export class ModelReader {
  readonly #client: MqttClient;
  readonly #broker: Broker;
  readonly #prefix: string;
  readonly #longest: number;
  readonly #timeout: number;
  readonly #clock: Clock;
  #wanted: Wanted | undefined;

  /** @param timeout - Milliseconds without a fresh piece after which the server is asked instead. */
  constructor(
    { client, prefix, broker }: { readonly client: MqttClient; readonly prefix: string; readonly broker: Broker },
    longest: number,
    timeout: number,
    clock: Clock,
  ) {
    this.#client = client;
    this.#broker = broker;
    this.#prefix = prefix;
    this.#longest = longest;
    this.#timeout = timeout;
    this.#clock = clock;
  }

  /** The model of that digest if the broker has it. Kept until another is asked for. */
  get(digest: Uint8Array): Promise<Uint8Array | undefined> {
    const name = toHex(digest);
    if (!this.#client.connected && this.#wanted?.digest !== name) return Promise.resolve(undefined);
    if (this.#wanted?.digest !== name) this.#wanted = { digest: name, done: this.#receive(name) };
    return this.#wanted.done;
  }

  /** Nobody will ask for it again. */
  forget(): void {
    this.#wanted = undefined;
  }

  async #receive(digest: string): Promise<Uint8Array | undefined> {
    const assembly = new Assembly();
    let listener: (topic: string, payload: Uint8Array) => void = () => {};
    let cancel = (): void => {};
    const model = await new Promise<Uint8Array | undefined>((resolve) => {
      const wait = (): void => {
        cancel();
        cancel = this.#clock.after(this.#timeout, () => resolve(undefined));
      };
      listener = (topic, payload) => {
        if (!topic.startsWith(topicOf(this.#prefix, 0).slice(0, -1))) return;
        const piece = pieceOf(payload);
        if (piece === undefined || piece.total > this.#longest || toHex(piece.digest) !== digest) return;
        wait();
        const whole = assembly.add(piece);
        if (whole !== undefined) resolve(whole);
      };
      this.#client.on('message', listener);
      wait();
      this.#broker.subscribe(topicOf(this.#prefix, '+')).catch(() => resolve(undefined));
    });
    cancel();
    this.#client.removeListener('message', listener);
    // The next model would come by itself, wanted or not. The broker takes it in order with what is asked of it next.
    void this.#broker.unsubscribe(topicOf(this.#prefix, '+'));
    if (model === undefined) return undefined;
    return toHex(await digestOf(model)) === digest ? model : undefined;
  }
}

function pieceOf(payload: Uint8Array) {
  try {
    return decodePiece(payload);
  } catch (error) {
    if (isFedkitError(error)) return undefined;
    throw error;
  }
}
