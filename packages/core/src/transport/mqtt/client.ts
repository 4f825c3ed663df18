/**
 * What is used of a client of MQTT.js: hand in one of `mqtt.connect(…)`, or anything that behaves like it.
 *
 * @module
 */
import { checkInteger, refuse } from '../../check.ts';
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
  removeListener(event: 'message', listener: (topic: string, payload: Uint8Array) => void): unknown;
  removeListener(event: 'connect', listener: () => void): unknown;
}

/** Where both ends meet on a broker. */
export interface MqttPlace {
  readonly client: MqttClient;
  /** Under which all topics lie; more than one level is fine. Default `fedkit`. */
  readonly prefix?: string;
  /** The longest packet that the broker takes, in bytes. Default 131,072, the least of the large brokers'. */
  readonly packetBytes?: number;
  /**
   * How long the broker may take to acknowledge, in milliseconds, after which a message counts as lost and a subscription as refused:
   * an MQTT client may wait for ever. Default 30,000.
   */
  readonly brokerTimeout?: number;
}

/** Bytes of a packet beside its payload's own: fixed header, identifier, properties, frame. */
const PACKET_OVERHEAD = 128;
/** The most bytes that come after a prefix: `/model/` and its like, and a client's id. */
const LEVELS = 7 + MAXIMUM_CLIENT_ID_BYTES;

/** A checked place, and how many bytes of a request, response or model fit into one packet. */
interface CheckedPlace {
  readonly client: MqttClient;
  readonly prefix: string;
  readonly chunk: number;
  readonly broker: Broker;
}

/** A client whose every call ends. */
export class Broker {
  readonly #client: MqttClient;
  readonly #milliseconds: number;
  readonly #clock: Clock;

  constructor(client: MqttClient, milliseconds: number, clock: Clock) {
    this.#client = client;
    this.#milliseconds = milliseconds;
    this.#clock = clock;
  }

  /** Resolves once the broker has taken the message. @throws FedkitError `UNAVAILABLE` where it does not in time. */
  publish(topic: string, payload: Uint8Array, retain: boolean = false): Promise<void> {
    return this.#ended((settle) =>
      this.#client.publish(topic, payload as never, { qos: 1, retain }, (error) => settle(error)),
    );
  }

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
  const broker = new Broker(client, brokerTimeout, clock);
  return { client, prefix, chunk: packetBytes - topic - PACKET_OVERHEAD, broker };
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
      signal.removeEventListener('abort', stop);
      settle();
    };
    const ready = (): void => end(resolve);
    const stop = (): void => end(() => reject(unavailable(where, 'a broker', 'none')));
    client.on('connect', ready);
    signal.addEventListener('abort', stop);
  });
}
