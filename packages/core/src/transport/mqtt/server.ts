/**
 * The server's end over MQTT.
 *
 * @module
 */
import type { ClientId } from '../../aggregate/contract.ts';
import { refuse } from '../../check.ts';
import { isFedkitError } from '../../errors.ts';
import { decodeResponse, type RoundTask } from '../../protocol/message.ts';
import { authenticationOf } from '../authentication.ts';
import { type Clock, systemClock } from '../../protocol/clock.ts';
import type { RequestHandler } from '../../protocol/exchange.ts';
import { Intake } from '../intake.ts';
import { completeLimits, type TransportLimits } from '../limits.ts';
import type { Receipt } from '../piece.ts';
import { statusOf } from '../status.ts';
import { checkPlace, isLevel, type MqttPlace, publish, subscribe, unsubscribe } from './client.ts';
import { decodeUp, type DownFrame, encodeDown, type UpFrame } from './frame.ts';
import { ModelPublisher } from './retained-model.ts';

/** Who may ask is not optional: `authenticate`, or `insecure: true` in so many words. */
export type MqttAuthentication =
  | {
      /**
       * The client whose messages come on the topic with this last level, or `undefined` for a stranger. The broker has
       * authenticated whoever published there, if its access rules let each client publish on its own topic alone.
       */
      readonly authenticate: (topicId: string) => ClientId | undefined | Promise<ClientId | undefined>;
      readonly insecure?: false;
    }
  /** Believes the topic: whoever reaches the broker is whoever they say. */
  | { readonly insecure: true; readonly authenticate?: undefined };

/** Options of {@link mqttServer}. */
export type MqttServerOptions = MqttPlace &
  MqttAuthentication & {
    /** `bodyMilliseconds` does not apply: the broker hands over whole messages. */
    readonly limits?: TransportLimits;
    /** Told of the server's own faults, which clients learn nothing about but that they may try again. */
    readonly onError?: (error: unknown) => void;
    /** Default the engine's. */
    readonly clock?: Clock;
  };

/** A server that listens. */
export interface MqttServer {
  /** Listens no more; resolves once everything that was taken is answered. The MQTT client lives on. */
  close(): Promise<void>;
}

const where = 'mqttServer';

/**
 * Serves `handler` over an MQTT broker: clients publish on `<prefix>/up/<id>`, and are answered on `<prefix>/down/<id>`.
 * The model of each task that goes out is published first, retained, on `<prefix>/model/<number of the piece>`, for
 * clients to take from the broker.
 *
 * Resolves once it listens. TLS and passwords are the broker's.
 *
 * @throws FedkitError `INVALID_ARGUMENT` without an `authenticate` hook, unless `insecure` is `true`; the error of the
 * broker where it does not allow the subscription.
 */
export async function mqttServer(handler: RequestHandler, options: MqttServerOptions): Promise<MqttServer> {
  if (typeof handler?.handle !== 'function')
    refuse('INVALID_ARGUMENT', `${where}: handler`, 'a RequestHandler', handler);
  const authenticate = authenticationOf<string>(where, options ?? {}, (topicId) => topicId);
  const { client, prefix, chunk } = checkPlace(where, options);
  const { clock = systemClock, onError = () => {} } = options;
  const limits = completeLimits(where, options.limits);
  const intake = new Intake(handler, { limits, clock, onError });
  const models = new ModelPublisher(client, prefix, chunk, handler);
  const topic = `${prefix}/up/`;
  const running = new Set<Promise<void>>();

  const onMessage = (from: string, payload: Uint8Array): void => {
    if (!from.startsWith(topic)) return;
    const work = answer(from.slice(topic.length), payload).catch(onError);
    running.add(work);
    void work.then(() => running.delete(work));
  };

  async function answer(topicId: string, payload: Uint8Array): Promise<void> {
    if (!isLevel(topicId)) return;
    let frame: UpFrame;
    try {
      frame = decodeUp(payload);
    } catch (error) {
      // Nobody can be answered without a number.
      if (isFedkitError(error)) return;
      throw error;
    }
    const { id } = frame;
    const reply = async (down: DownFrame): Promise<void> => {
      // Where there is no broker, there is nobody who waits: clients ask again.
      if (client.connected) await publish(client, `${prefix}/down/${topicId}`, encodeDown(down));
    };
    let receipt: Receipt;
    try {
      const known = await authenticate(topicId);
      if (known === undefined) {
        await reply({ kind: 'refused', id, status: 401 });
        return;
      }
      receipt = await take(known, frame, payload.length);
    } catch (error) {
      const status = statusOf(error);
      if (status === undefined) onError(error);
      await reply({ kind: 'refused', id, status: status ?? 500 });
      return;
    }
    if ('have' in receipt) {
      await reply({ kind: 'have', id, have: receipt.have });
      return;
    }
    const { response } = receipt;
    for (let offset = 0; offset === 0 || offset < response.length; offset += chunk) {
      const bytes = response.subarray(offset, offset + chunk);
      await reply({ kind: 'response', id, total: response.length, offset, bytes });
    }
  }

  async function take(known: ClientId, frame: UpFrame, length: number): Promise<Receipt> {
    const reservation = intake.reserve(known, length);
    try {
      const receipt =
        frame.kind === 'piece'
          ? await intake.piece(known, frame.piece)
          : { response: await intake.whole(known, frame.request) };
      const task = 'response' in receipt ? taskOf(receipt.response) : undefined;
      if (task !== undefined) await models.offer(known, task).catch(onError);
      return receipt;
    } finally {
      reservation.release();
    }
  }

  client.on('message', onMessage);
  try {
    await subscribe(client, `${topic}+`);
  } catch (error) {
    client.removeListener('message', onMessage);
    throw error;
  }
  return {
    async close() {
      if (client.connected) await unsubscribe(client, `${topic}+`);
      client.removeListener('message', onMessage);
      await Promise.all(running);
    },
  };
}

function taskOf(response: Uint8Array): RoundTask | undefined {
  try {
    const decoded = decodeResponse(response);
    return decoded.kind === 'task' ? decoded.task : undefined;
  } catch (error) {
    // Another handler than a federated server speaks otherwise.
    if (isFedkitError(error)) return undefined;
    throw error;
  }
}
