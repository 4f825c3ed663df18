/**
 * A client's end over MQTT.
 *
 * @module
 */
import { toHex } from '../../hex.ts';
import { onAbort } from '../../abort.ts';
import { checkInteger, checkOptions, type OptionNames, refuse } from '../../check.ts';
import { FedkitError, isFedkitError } from '../../errors.ts';
import type { Request } from '../../protocol/message.ts';
import { decodeRequest, encodeResponse } from '../../protocol/server-message.ts';
import type { Exchange } from '../../protocol/exchange.ts';
import { completeRetryOptions, RETRY_OPTIONS, type RetryOptions, retryingExchange, unavailable } from '../retry.ts';
import type { Receipt } from '../piece.ts';
import { failureOf } from '../status.ts';
import { Assembly } from './assembly.ts';
import { checkPlace, connected, isLevel, isTooLong, type MqttPlace, PLACE_OPTIONS } from './client.ts';
import { decodeDown, type DownFrame, encodeUp, ID_BYTES, type UpFrame } from './frame.ts';
import { ModelReader } from './retained-model.ts';

export interface MqttExchangeOptions extends MqttPlace, RetryOptions {
  /** The last level of this client's topics, by which the server knows it: let the broker allow it to nobody else. */
  readonly id: string;
  /** The longest model that is taken from the broker, in bytes. Default 64 MiB. */
  readonly modelBytes?: number;
  /** Milliseconds without a further piece of the model after which the server is asked for it instead. Default 5000. */
  readonly modelTimeout?: number;
}

/** An exchange, until it is closed. */
export interface MqttExchange extends Exchange {
  /** Lets go of the MQTT client, which lives on. What is under way ends as `UNAVAILABLE`. Takes at most `brokerTimeout`. */
  close(): Promise<void>;
}

const OPTIONS: OptionNames<MqttExchangeOptions> = {
  ...PLACE_OPTIONS,
  ...RETRY_OPTIONS,
  id: true,
  modelBytes: true,
  modelTimeout: true,
};

interface Pending {
  readonly assembly: Assembly;
  readonly resolve: (receipt: Receipt) => void;
  readonly reject: (error: FedkitError) => void;
}

/** What is sent of a model at a time, in bytes. */
const MODEL_PART = 2 ** 20;
const where = 'mqttExchange';

/**
 * Asks a server over an MQTT broker, with quality of service 1: a message may come more than once, which requests and
 * responses bear. Requests that do not fit into a packet go in pieces, and go on where they stopped.
 *
 * The model is taken from the broker, where `mqttServer` has published it for everyone, if its digest is the one that is
 * asked for; from the server otherwise.
 *
 * The exchange rejects as `fetchExchange` does.
 *
 * @throws FedkitError `INVALID_ARGUMENT` or `OUT_OF_RANGE` for options.
 */
export function mqttExchange(options: MqttExchangeOptions): MqttExchange {
  checkOptions(where, options, OPTIONS);
  const place = checkPlace(where, options, options.clock);
  const { client, prefix, broker } = place;
  const { id } = options;
  if (!isLevel(id)) refuse('INVALID_ARGUMENT', `${where}: id`, 'a client id without /, + and #', id);
  const retry = completeRetryOptions(where, options, broker.chunk);
  const models = new ModelReader(
    place,
    checkInteger(`${where}: modelBytes`, options.modelBytes ?? 2 ** 26, 1),
    checkInteger(`${where}: modelTimeout`, options.modelTimeout ?? 5000, 1),
    retry.clock,
  );
  const [up, down] = [`${prefix}/up/${id}`, `${prefix}/down/${id}`];
  const pending = new Map<string, Pending>();
  let listening: Promise<void> | undefined;
  let closed = false;

  const onMessage = (topic: string, payload: Uint8Array): void => {
    if (topic !== down) return;
    const frame = frameOf(payload);
    const asked = frame && pending.get(toHex(frame.id));
    if (asked !== undefined) receive(asked, frame as DownFrame);
  };
  client.on('message', onMessage);

  function receive(asked: Pending, frame: DownFrame): void {
    if (frame.kind === 'have') asked.resolve({ have: frame.have });
    else if (frame.kind === 'refused') asked.reject(failureOf(where, frame.status));
    else if (frame.total > retry.responseBytes) {
      const message = `${where}: expected a response of at most ${retry.responseBytes} bytes, got a longer one`;
      asked.reject(new FedkitError('OUT_OF_RANGE', message));
    } else {
      const response = asked.assembly.add(frame);
      if (response !== undefined) asked.resolve({ response });
    }
  }

  async function listen(): Promise<void> {
    listening ??= broker.subscribe(down);
    try {
      await listening;
    } catch (cause) {
      listening = undefined;
      throw unavailable(where, 'a subscription', 'none', { cause });
    }
  }

  async function send(frame: (id: Uint8Array) => UpFrame, signal: AbortSignal): Promise<Receipt> {
    if (closed) throw closedError();
    await connected(where, client, signal);
    await listen();
    const number = retry.rng.fill(new Uint8Array(ID_BYTES));
    const name = toHex(number);
    try {
      return await new Promise<Receipt>((resolve, reject) => {
        pending.set(name, { assembly: new Assembly(), resolve, reject });
        onAbort(signal, () => reject(unavailable(where, 'an answer in time', 'none')));
        broker
          .publish(up, encodeUp(frame(number)))
          .catch((cause: unknown) =>
            reject(
              isTooLong(cause)
                ? (cause as FedkitError)
                : unavailable(where, 'a broker that takes the message', 'none', { cause }),
            ),
          );
      });
    } finally {
      pending.delete(name);
    }
  }

  /** The answer to a model request, if the broker has it. Within the time of one message: a silent broker costs no more than others. */
  async function retained(request: Uint8Array): Promise<Receipt | undefined> {
    const asked = requestOf(request);
    if (asked?.kind !== 'model' || closed) return undefined;
    const { offset } = asked;
    const model = await models.get(asked.digest);
    if (model === undefined || offset > model.length) return undefined;
    const bytes = model.subarray(offset, offset + MODEL_PART);
    if (offset + bytes.length === model.length) models.forget();
    return { response: encodeResponse({ kind: 'part', total: model.length, offset, bytes }) };
  }

  const exchange = retryingExchange(
    where,
    {
      longest: () => broker.chunk,
      whole: async (request, signal) =>
        (await retained(request)) ?? send((number) => ({ kind: 'whole', id: number, request }), signal),
      piece: (piece, signal) => send((number) => ({ kind: 'piece', id: number, piece }), signal),
    },
    retry,
  );

  return Object.assign(exchange, {
    async close(): Promise<void> {
      closed = true;
      client.removeListener('message', onMessage);
      for (const { reject } of pending.values()) reject(closedError());
      if (listening !== undefined && client.connected) await broker.unsubscribe(down);
    },
  });
}

function closedError(): FedkitError {
  return new FedkitError('UNAVAILABLE', `${where}: expected an open exchange, got a closed one`, {
    details: { final: true },
  });
}

function frameOf(payload: Uint8Array): DownFrame | undefined {
  try {
    return decodeDown(payload);
  } catch (error) {
    if (isFedkitError(error)) return undefined;
    throw error;
  }
}

function requestOf(bytes: Uint8Array): Request | undefined {
  try {
    return decodeRequest(bytes);
  } catch (error) {
    if (isFedkitError(error)) return undefined;
    throw error;
  }
}
