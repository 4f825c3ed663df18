/**
 * Every new model of a client, for applications that show or use it while a federation goes on.
 *
 * @module
 */
import { checkInteger, checkOptions, type OptionNames, refuse } from '../check.ts';
import { type FedkitError, isFedkitError } from '../errors.ts';
import { heard } from '../heard.ts';
import { type Clock, sleep, systemClock } from '../protocol/clock.ts';
import type { DeviceModel } from './contract.ts';

/** How to wait for models. */
export interface WatchOptions {
  /** Ends the watching. */
  readonly signal: AbortSignal;
  /** How often to ask; default 60,000. */
  readonly milliseconds?: number;
  /** Hears that the server could not be reached, and how long it is not asked for that. What it throws changes nothing. */
  readonly onFailure?: (error: FedkitError, milliseconds: number) => void;
  /** Default the engine's. */
  readonly clock?: Clock;
}

const OPTIONS: OptionNames<WatchOptions> = { signal: true, milliseconds: true, onFailure: true, clock: true };
/** The longest wait for a server that cannot be reached. */
const LONGEST_PAUSE = 3_600_000;

/**
 * Calls `listener` with the model and then, once it is done with that, with every newer one, until `signal` fires: asks every so often, and waits longer while the
 * server cannot be reached.
 *
 * @param client - Such as a `federatedClient`.
 * @throws FedkitError As `client.model`, but for `UNAVAILABLE`; what `listener` throws or rejects with.
 * @example
 * ```ts
 * import { type DeviceModel, watchModel } from '@fedkit/core/device';
 *
 * const gone = new AbortController();
 * const model: DeviceModel = {
 *   params: Float32Array.of(1, 2),
 *   round: 3,
 *   run: new Uint8Array(16),
 *   digest: new Uint8Array(32),
 *   current: true,
 * };
 * const client = { model: async () => model };
 * await watchModel(client, ({ round }) => (console.log(round), gone.abort()), { signal: gone.signal }); // => 3
 * ```
 */
export async function watchModel(
  client: { model(): Promise<DeviceModel> },
  listener: (model: DeviceModel) => void | Promise<void>,
  options: WatchOptions,
): Promise<void> {
  const where = 'watchModel';
  checkOptions(where, options, OPTIONS);
  const { signal, milliseconds = 60_000, clock = systemClock } = options;
  const tell = heard(options.onFailure);
  if (typeof client?.model !== 'function')
    refuse('INVALID_ARGUMENT', `${where}: client`, 'a client with models', client);
  if (typeof listener !== 'function') refuse('INVALID_ARGUMENT', `${where}: listener`, 'a function', listener);
  if (typeof signal?.addEventListener !== 'function')
    refuse('INVALID_ARGUMENT', `${where}: signal`, 'an AbortSignal that ends it', signal);
  checkInteger(`${where}: milliseconds`, milliseconds, 1);
  let seen = '';
  for (let failures = 0; !signal.aborted; ) {
    try {
      const model = await client.model();
      failures = model.current ? 0 : failures + 1;
      const name = model.digest.join();
      if (name !== seen && !signal.aborted) {
        seen = name;
        await listener(model);
      }
    } catch (error) {
      if (!isFedkitError(error, 'UNAVAILABLE')) throw error;
      failures++;
      tell(error, pause(milliseconds, failures));
    }
    await sleep(where, clock, pause(milliseconds, failures), signal).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
  }
}

function pause(milliseconds: number, failures: number): number {
  return Math.min(milliseconds * 2 ** Math.min(failures, 30), Math.max(milliseconds, LONGEST_PAUSE));
}
