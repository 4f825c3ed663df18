/**
 * The models that an application asks a client for, beside whatever the client is at.
 *
 * @module
 */
import { checkInteger, checkOptions, type OptionNames, refuse } from '../check.ts';
import { isFedkitError } from '../errors.ts';
import type { StateOwner } from '../model/state-file.ts';
import type { PlainData } from '../plain-data.ts';
import { sleep } from '../protocol/clock.ts';
import { SerialQueue } from '../serial-queue.ts';
import type { DeviceModel, ModelRequest, WatchOptions } from './contract.ts';
import { Fault } from './fault.ts';
import { type HeldModel, type ModelOptions, paramsOf, PublishedModels } from './published-model.ts';
import type { Surroundings } from './surroundings.ts';

const REQUEST: OptionNames<ModelRequest> = { from: true };
const WATCH: OptionNames<WatchOptions> = { signal: true, milliseconds: true };
/** The longest wait for a server that cannot be reached. */
const LONGEST_PAUSE = 3_600_000;

export class DeviceModels {
  readonly #options: ModelOptions;
  readonly #around: Surroundings<never>;
  readonly #state: () => Promise<unknown>;
  readonly #models: PublishedModels;
  readonly #queue = new SerialQueue();

  /** @param state - The algorithm's state of this client. */
  constructor(options: ModelOptions, owner: StateOwner, around: Surroundings<never>, state: () => Promise<unknown>) {
    this.#options = options;
    this.#around = around;
    this.#state = state;
    this.#models = new PublishedModels(options, owner);
  }

  async model(options: ModelRequest): Promise<DeviceModel | undefined> {
    checkOptions('model', options, REQUEST);
    const { from = 'server' } = options;
    if (from !== 'server' && from !== 'store') refuse('INVALID_ARGUMENT', 'model: from', "'server' or 'store'", from);
    const found = await this.#queue.run(async () => {
      if (from === 'store') return { held: await this.#models.stored(), current: false };
      try {
        const { ask, tell } = this.#around;
        const held = await this.#models.latest(ask, (bytes) => tell({ kind: 'fetched', bytes }));
        return { held, current: true };
      } catch (error) {
        if (error instanceof Fault) throw error.error;
        const held = isFedkitError(error, 'UNAVAILABLE') ? await this.#models.stored() : undefined;
        if (!held) throw error;
        return { held, current: false };
      }
    });
    return found.held && this.#deviceModel(found.held, found.current);
  }

  async watch(listener: (model: DeviceModel) => void, options: WatchOptions): Promise<void> {
    const where = 'watch';
    checkOptions(where, options, WATCH);
    const { signal, milliseconds = 60_000 } = options;
    if (typeof listener !== 'function') refuse('INVALID_ARGUMENT', `${where}: listener`, 'a function', listener);
    if (typeof signal?.addEventListener !== 'function')
      refuse('INVALID_ARGUMENT', `${where}: signal`, 'an AbortSignal that ends it', signal);
    checkInteger(`${where}: milliseconds`, milliseconds, 1);
    let seen = '';
    for (let failures = 0; !signal.aborted; ) {
      try {
        const model = (await this.model({})) as DeviceModel;
        failures = model.current ? 0 : failures + 1;
        const name = model.digest.join();
        if (name !== seen && !signal.aborted) {
          seen = name;
          listener(model);
        }
      } catch (error) {
        if (!isFedkitError(error, 'UNAVAILABLE')) throw error;
        failures++;
        this.#around.tell({ kind: 'retrying', error, milliseconds: pause(milliseconds, failures) });
      }
      await sleep(where, this.#around.clock, pause(milliseconds, failures), signal).catch((error: unknown) => {
        if (!signal.aborted) throw error;
      });
    }
  }

  async #deviceModel(held: HeldModel, current: boolean): Promise<DeviceModel> {
    const { algorithm, layout } = this.#options.pipeline;
    const state = 'personal' in algorithm ? ((await this.#state()) as PlainData | undefined) : undefined;
    const { run, round, modelDigest: digest } = held.publication;
    return {
      ...paramsOf(algorithm, held, state),
      round,
      run: run.slice(),
      digest: digest.slice(),
      ...(layout && { layout }),
      current,
    };
  }
}

function pause(milliseconds: number, failures: number): number {
  return Math.min(milliseconds * 2 ** Math.min(failures, 30), Math.max(milliseconds, LONGEST_PAUSE));
}
