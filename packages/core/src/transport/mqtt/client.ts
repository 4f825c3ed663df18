/**
 * What is used of a client of MQTT.js: hand in one of `mqtt.connect(…)`, or anything that behaves like it.
 *
 * @module
 */
import { onAbort } from '../../abort.ts';
import { checkInteger, type OptionNames, refuse } from '../../check.ts';
import { FedkitError, isFedkitError } from '../../errors.ts';
import { isClientId, MAXIMUM_CLIENT_ID_BYTES } from '../../client-id.ts';
import { type Clock, systemClock } from '../../protocol/clock.ts';
import { unavailable } from '../retry.ts';

/** The part of MQTT.js's `MqttClient` that is used. */
export interface MqttClient {
  readonly connected: boolean;
  /** `payload` is a `Uint8Array`: the types of MQTT.js ask for Node's subclass of it, its code does not. */
  publish(
    topic: string,
    payload: never,
    options: { readonly qos: 1; readonly retain: boolean },
    callback: (error?: Error) => void,
  ): unknown;
  subscribe(topic: string, options: { readonly qos: 1 }, callback: (error: Error | null) => void): unknown;
  unsubscribe(topic: string, callback: (error?: Error) => void): unknown;
  on(event: 'message', listener: (topic: string, payload: Uint8Array) => void): unknown;
  on(event: 'connect', listener: () => void): unknown;
  on(event: 'packetreceive', listener: (packet: unknown) => void): unknown;
  on(event: 'close', listener: () => void): unknown;
  removeListener(event: 'message', listener: (topic: string, payload: Uint8Array) => void): unknown;
  removeListener(event: 'connect' | 'close', listener: () => void): unknown;
  removeListener(event: 'packetreceive', listener: (packet: unknown) => void): unknown;
  /** The number of the message that was published last, and an end to sending it. */
  getLastMessageId?(): number;
  removeOutgoingMessage?(messageId: number): unknown;
}

/** Where both ends meet on a broker. */
export interface MqttPlace {
  readonly client: MqttClient;
  /** Under which all topics lie; more than one level is fine. Default `fedkit`. */
  readonly prefix?: string;
  /**
   * The longest packet that the broker takes, in bytes. Default 131,072, the least of the large brokers'. Where the broker takes less,
   * packets get shorter: what it announces, as MQTT 5 has it, or half as long whenever it closes the connection twice over one.
   */
  readonly packetBytes?: number;
  /**
   * How long the broker may take to acknowledge, in milliseconds, after which a message counts as lost and a subscription as refused:
   * an MQTT client may wait for ever. Default 30,000.
   */
  readonly brokerTimeout?: number;
}

export const PLACE_OPTIONS: OptionNames<MqttPlace> = {
  client: true,
  prefix: true,
  packetBytes: true,
  brokerTimeout: true,
};

/** Bytes of a packet beside its payload's own: fixed header, identifier, properties, frame. */
const PACKET_OVERHEAD = 128;
/** The most bytes that come after a prefix: `/model/` and its like, and a client's id. */
const LEVELS = 7 + MAXIMUM_CLIENT_ID_BYTES;

/** A checked place, and how many bytes of a request, response or model fit into one packet. */
interface CheckedPlace {
  readonly client: MqttClient;
  readonly prefix: string;
  readonly broker: Broker;
}

/** A connection that is closed so often over one message is closed because of it. */
const CLOSINGS = 2;
/** A broker that takes less than so many bytes of a message is none. */
const SMALLEST = 1024;

/** A message under way, and how often the connection was closed over it. */
interface Watcher {
  readonly bytes: number;
  open: boolean;
  count: number;
  readonly closed: () => void;
}

/** A client whose every call ends. */
export class Broker {
  readonly #client: MqttClient;
  readonly #milliseconds: number;
  readonly #clock: Clock;
  readonly #overhead: number;
  /** Messages under way: one pair of listeners serves them all. */
  readonly #watchers = new Set<Watcher>();
  #chunk: number;

  /** @param lengths - Bytes of the longest packet, and of it what is not a request's, response's or model's. */
  constructor(
    client: MqttClient,
    milliseconds: number,
    clock: Clock,
    lengths: { readonly packetBytes: number; readonly overhead: number },
  ) {
    this.#client = client;
    this.#milliseconds = milliseconds;
    this.#clock = clock;
    this.#overhead = lengths.overhead;
    this.#chunk = lengths.packetBytes - lengths.overhead;
  }

  /** Bytes of a request, response or model that fit into one packet, as far as is known. */
  get chunk(): number {
    return this.#chunk;
  }

  /**
   * Resolves once the broker has taken the message.
   *
   * @throws FedkitError `UNAVAILABLE` where it does not in time; `OUT_OF_RANGE`, `details.status` 413, where it closes the connection
   * over it: {@link chunk} is smaller then. The message is not sent again.
   */
  async publish(topic: string, payload: Uint8Array, retain: boolean = false): Promise<void> {
    let number: number | undefined;
    let watching = (): void => {};
    try {
      await Promise.race([
        this.#ended((settle) => {
          this.#client.publish(topic, payload as never, { qos: 1, retain }, (error) => settle(error));
          number = this.#client.getLastMessageId?.();
        }),
        new Promise<never>((_, reject) => {
          watching = this.#closings(payload.length, () => {
            this.#chunk = Math.min(this.#chunk, Math.max(SMALLEST, Math.floor(payload.length / 2)));
            reject(tooLong(payload.length));
          });
        }),
      ]);
    } catch (error) {
      // It would be sent anew after every connection, for ever.
      if (number !== undefined) this.#client.removeOutgoingMessage?.(number);
      throw error;
    } finally {
      watching();
    }
  }

  /** Calls back once the connection was made and closed so often over this message; what it returns ends that. */
  #closings(bytes: number, closed: () => void): () => void {
    const watcher: Watcher = { bytes, open: this.#client.connected, count: 0, closed };
    if (this.#watchers.size === 0) {
      this.#client.on('packetreceive', this.#onPacket);
      this.#client.on('close', this.#onClose);
    }
    this.#watchers.add(watcher);
    return () => {
      this.#watchers.delete(watcher);
      if (this.#watchers.size > 0) return;
      this.#client.removeListener('packetreceive', this.#onPacket);
      this.#client.removeListener('close', this.#onClose);
    };
  }

  /** A connection is made with its first packet: MQTT.js tells `connect` only once what was under way has been sent again. */
  readonly #onPacket = (packet: unknown): void => {
    const { cmd, properties } = (packet ?? {}) as { cmd?: unknown; properties?: { maximumPacketSize?: unknown } };
    if (cmd !== 'connack') return;
    const most = properties?.maximumPacketSize;
    if (typeof most === 'number') this.#chunk = Math.min(this.#chunk, Math.max(SMALLEST, most - this.#overhead));
    for (const watcher of this.#watchers) watcher.open = true;
  };

  readonly #onClose = (): void => {
    let longest: Watcher | undefined;
    for (const watcher of this.#watchers) {
      // An attempt to connect that fails closes too.
      if (watcher.open) watcher.count++;
      watcher.open = false;
      if (watcher.count >= CLOSINGS && watcher.bytes > (longest?.bytes ?? SMALLEST + this.#overhead)) longest = watcher;
    }
    if (longest === undefined) return;
    // The others may have been under way beside it.
    for (const watcher of this.#watchers) watcher.count = 0;
    longest.closed();
  };

  /**
   * Resolves once the broker sends what is published there. MQTT.js renews it whenever it connects again.
   *
   * @throws FedkitError `UNAVAILABLE` where it does not answer in time; its error where it refuses.
   */
  subscribe(topic: string): Promise<void> {
    return this.#ended((settle) => this.#client.subscribe(topic, { qos: 1 }, (error) => settle(error)));
  }

  /** Resolves in any case. */
  unsubscribe(topic: string): Promise<void> {
    return this.#ended((settle) => this.#client.unsubscribe(topic, () => settle())).catch(() => {});
  }

  #ended(call: (settle: (error?: Error | null) => void) => unknown): Promise<void> {
    return new Promise((resolve, reject) => {
      const cancel = this.#clock.after(this.#milliseconds, () =>
        reject(unavailable('mqtt', `a broker that answers within ${this.#milliseconds} ms`, 'silence')),
      );
      call((error) => {
        cancel();
        if (error) reject(error);
        else resolve();
      });
    });
  }
}

export function checkPlace(where: string, options: MqttPlace, clock: Clock = systemClock): CheckedPlace {
  const { client, prefix = 'fedkit' } = options;
  if (typeof client?.publish !== 'function')
    refuse('INVALID_ARGUMENT', `${where}: client`, 'an MQTT.js client', client);
  if (typeof prefix !== 'string' || !/^[^+#\0]{1,256}$/.test(prefix) || prefix.startsWith('$')) {
    refuse('INVALID_ARGUMENT', `${where}: prefix`, 'a topic without wildcards', prefix);
  }
  const topic = 3 * prefix.length + LEVELS;
  const packetBytes = checkInteger(`${where}: packetBytes`, options.packetBytes ?? 131_072, 1024 + topic, 2 ** 28);
  const brokerTimeout = checkInteger(`${where}: brokerTimeout`, options.brokerTimeout ?? 30_000, 1, 2 ** 31 - 1);
  const broker = new Broker(client, brokerTimeout, clock, { packetBytes, overhead: topic + PACKET_OVERHEAD });
  return { client, prefix, broker };
}

/** Whether a message was longer than the broker takes. */
export function isTooLong(error: unknown): boolean {
  return isFedkitError(error, 'OUT_OF_RANGE') && error.details.status === 413;
}

function tooLong(bytes: number): FedkitError {
  const message = `mqtt: packetBytes: expected packets that the broker takes, got a connection that it closes over one of ${bytes} bytes; packets get shorter, and are at once with the broker's own limit as packetBytes`;
  return new FedkitError('OUT_OF_RANGE', message, { details: { where: 'mqtt: packetBytes', status: 413 } });
}

/** Whether `id` is a client's id that can be a level of a topic. */
export function isLevel(id: unknown): id is string {
  return isClientId(id) && /^[^/+#\0]*$/.test(id);
}

/** Resolves once there is a broker; rejects with `UNAVAILABLE` when `signal` fires before. */
export function connected(where: string, client: MqttClient, signal: AbortSignal): Promise<void> {
  if (client.connected) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const end = (settle: () => void): void => {
      client.removeListener('connect', ready);
      deafen();
      settle();
    };
    const ready = (): void => end(resolve);
    const stop = (): void => end(() => reject(unavailable(where, 'a broker', 'none')));
    client.on('connect', ready);
    const deafen = onAbort(signal, stop);
  });
}
