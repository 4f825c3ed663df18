/**
 * A bad network, the same one every time.
 *
 * @module
 */
import { checkAborted, onAbort } from '../../abort.ts';
import { checkOptions, type OptionNames, checkInteger, checkNumber, refuse } from '../../check.ts';
import { FedkitError } from '../../errors.ts';
import type { SeededRng } from '../../random.ts';
import { type Clock, sleep } from '../../protocol/clock.ts';
import type { Exchange } from '../../protocol/exchange.ts';

/** How bad a network is. Probabilities in [0, 1], times in milliseconds. */
export interface Faults {
  /** That a request never arrives; default 0. */
  readonly requestLoss?: number;
  /** That the server does what it was asked, and its answer never arrives; default 0. */
  readonly responseLoss?: number;
  /** That a request arrives a second time, after a delay of its own: also after later requests; default 0. */
  readonly duplication?: number;
  /** One way takes uniformly so long, so that requests overtake each other; default 0 to 0. */
  readonly delay?: { readonly minimum: number; readonly maximum: number };
  /** After so long without an answer a client hears `UNAVAILABLE`; default 30,000. */
  readonly timeout?: number;
}

/** What a faulty exchange is made of. */
export interface FaultyExchangeOptions extends Faults {
  /** Decides; one stream for each client, so that they do not depend on each other. */
  readonly rng: SeededRng;
  /** A `virtualClock` in tests. */
  readonly clock: Clock;
  /** Whether the network is there at all, asked whenever something is on its way; default: always. */
  readonly connected?: () => boolean;
}

/**
 * `exchange` behind a network that loses, repeats, delays and reorders, and comes and goes: for tests of applications,
 * over any transport.
 *
 * @throws FedkitError `OUT_OF_RANGE`, `INVALID_ARGUMENT` for other faults.
 */
export function faultyExchange(exchange: Exchange, options: FaultyExchangeOptions): Exchange {
  checkOptions('faultyExchange', options, {
    rng: true,
    clock: true,
    connected: true,
    requestLoss: true,
    responseLoss: true,
    duplication: true,
    delay: true,
    timeout: true,
  } satisfies OptionNames<typeof options>);
  const { rng, clock, connected = () => true } = options;
  const where = 'faultyExchange';
  if (typeof exchange !== 'function') refuse('INVALID_ARGUMENT', `${where}: exchange`, 'a function', exchange);
  const chance = (name: 'requestLoss' | 'responseLoss' | 'duplication') =>
    checkNumber(`${where}: ${name}`, options[name] ?? 0, 0, 1);
  const [requestLoss, responseLoss, duplication] = [
    chance('requestLoss'),
    chance('responseLoss'),
    chance('duplication'),
  ];
  const timeout = checkInteger(`${where}: timeout`, options.timeout ?? 30_000, 1);
  const minimum = checkNumber(`${where}: delay.minimum`, options.delay?.minimum ?? 0, 0);
  const maximum = checkNumber(`${where}: delay.maximum`, options.delay?.maximum ?? 0, minimum);
  const delay = () => minimum + (maximum - minimum) * rng.uniform();

  return async (request, { signal } = {}) => {
    checkAborted(where, signal);
    const own = new Uint8Array(request);
    // Drawn in a fixed order, whatever becomes of them.
    const [there, back, again] = [delay(), delay(), delay()];
    const lost = rng.uniform() < requestLoss;
    const unanswered = rng.uniform() < responseLoss;
    const repeated = rng.uniform() < duplication;
    // What has left arrives, if anything does, whether or not its sender still waits or lives.
    const travel = async (milliseconds: number) => {
      await sleep(where, clock, milliseconds, undefined);
      return connected() ? exchange(own) : undefined;
    };
    // Nobody hears what becomes of a copy.
    if (repeated) travel(there + again).catch(() => undefined);
    const answer = lost ? undefined : travel(there);
    const waiting = new AbortController();
    const deafen = onAbort(signal, () => waiting.abort());
    try {
      return await new Promise<Uint8Array>((resolve, reject) => {
        const silence = () =>
          reject(new FedkitError('UNAVAILABLE', `${where}: expected an answer within ${timeout} ms, got none`));
        sleep(where, clock, timeout, waiting.signal).then(silence, silence);
        answer
          ?.then(async (response) => {
            await sleep(where, clock, back, waiting.signal);
            if (response && connected() && !unanswered) resolve(response);
          })
          .catch(reject);
      });
    } catch (error) {
      checkAborted(where, signal);
      throw error;
    } finally {
      deafen();
      waiting.abort();
    }
  };
}
