/**
 * The server's end over MQTT.
 *
 * @module
 */
import type { ClientId } from '../../aggregate/contract.ts';
import { checkOptions, type OptionNames, refuse } from '../../check.ts';
import { isFedkitError } from '../../errors.ts';
import { heard } from '../../heard.ts';
import { decodeResponse } from '../../protocol/client-message.ts';
import type { RoundTask } from '../../protocol/message.ts';
import { authenticationOf } from '../authentication.ts';
import { type Clock, systemClock } from '../../protocol/clock.ts';
import type { RequestHandler } from '../../protocol/exchange.ts';
import { graceOf, within } from '../../protocol/grace.ts';
import { noTelemetry, type Telemetry } from '../../telemetry/contract.ts';
import { Intake } from '../intake.ts';
import { completeLimits, type TransportLimits } from '../limits.ts';
import type { Receipt } from '../piece.ts';
import { statusOf } from '../status.ts';
import { Gate } from '../gate.ts';
import { checkPlace, isLevel, isTooLong, type MqttPlace, PLACE_OPTIONS } from './client.ts';
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
    /** Where counts go, of refusals before the round above all. */
    readonly telemetry?: Telemetry;
  };

const OPTIONS: OptionNames<MqttServerOptions> = {
  ...PLACE_OPTIONS,
  authenticate: true,
  insecure: true,
  limits: true,
  onError: true,
  clock: true,
  telemetry: true,
};

/** A server that listens. */
export interface MqttServer {
  /**
   * Answers further messages 503; resolves once what was taken is answered, or after `grace` milliseconds (default 30,000): whether it
   * is.
   */
  drain(options?: { readonly grace?: number }): Promise<boolean>;
  /**
   * Listens no more; resolves once everything that was taken is answered, or after `grace` milliseconds (default 30,000), be the broker
   * alive or not. The MQTT client lives on.
   */
  close(options?: { readonly grace?: number }): Promise<void>;
}

const where = 'mqttServer';

/**
 * Serves `handler` over an MQTT broker: clients publish on `<prefix>/up/<id>`, and are answered on `<prefix>/down/<id>`.
 * The model of each task that goes out is published first, retained, on `<prefix>/model/<number of the piece>`, for
 * clients to take from the broker.
 *
 * Resolves once it listens. TLS and passwords are the broker's.
 *
 * @throws FedkitError `INVALID_ARGUMENT` without an `authenticate` hook, unless `insecure` is `true`; `UNAVAILABLE` without a
 * broker within `brokerTimeout`; the broker's error where it does not allow the subscription.
 */
export async function mqttServer(handler: RequestHandler, options: MqttServerOptions): Promise<MqttServer> {
  checkOptions(where, options, OPTIONS);
  if (typeof handler?.handle !== 'function')
    refuse('INVALID_ARGUMENT', `${where}: handler`, 'a RequestHandler', handler);
  const authenticate = authenticationOf<string>(where, options, (topicId) => topicId);
  const { clock = systemClock, telemetry = noTelemetry } = options;
  const onError = heard(options.onError);
  const { client, prefix, broker } = checkPlace(where, options, clock);
  const limits = completeLimits(where, options.limits, handler);
  const intake = new Intake(handler, { limits, clock, onError, telemetry });
  const models = new ModelPublisher(broker, prefix, handler, onError);
  const topic = `${prefix}/up/`;
  const gate = new Gate(clock);

  const onMessage = (from: string, payload: Uint8Array): void => {
    if (!from.startsWith(topic)) return;
    gate.pass(() => answer(from.slice(topic.length), payload)).catch(onError);
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
    const decline = (status: number): Promise<void> => {
      telemetry.count('fedkit_http_requests_total', 1, { status: `${status}` });
      return reply({ kind: 'refused', id, status });
    };
    const reply = async (down: DownFrame, again = false): Promise<void> => {
      // Where there is no broker, there is nobody who waits: clients ask again. One that closed over the reply comes back.
      if (client.connected || again) await broker.publish(`${prefix}/down/${topicId}`, encodeDown(down));
    };
    if (gate.draining) return decline(503);
    let receipt: Receipt;
    try {
      const known = await authenticate(topicId);
      if (known === undefined) {
        telemetry.count('fedkit_unauthenticated_total', 1);
        return decline(401);
      }
      receipt = await take(known, frame, payload.length);
    } catch (error) {
      const status = statusOf(error);
      if (status === undefined) onError(error);
      return decline(status ?? 500);
    }
    telemetry.count('fedkit_http_requests_total', 1, { status: '200' });
    if ('have' in receipt) {
      await reply({ kind: 'have', id, have: receipt.have });
      return;
    }
    const { response } = receipt;
    let again = false;
    for (let offset = 0; offset === 0 || offset < response.length; ) {
      const bytes = response.subarray(offset, offset + broker.chunk);
      try {
        await reply({ kind: 'response', id, total: response.length, offset, bytes }, again);
        again = false;
        offset += Math.max(1, bytes.length);
      } catch (error) {
        if (!isTooLong(error)) throw error;
        onError(error);
        again = true;
      }
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
    await broker.subscribe(`${topic}+`);
  } catch (error) {
    client.removeListener('message', onMessage);
    throw error;
  }
  return {
    drain: (how = {}) => gate.drain(graceOf(`${where}.drain`, how)),
    async close(how = {}) {
      const grace = graceOf(`${where}.close`, how);
      const end = async (): Promise<void> => {
        if (client.connected) await broker.unsubscribe(`${topic}+`);
        client.removeListener('message', onMessage);
        await gate.drain(grace);
      };
      await within(grace, end(), clock);
      client.removeListener('message', onMessage);
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
