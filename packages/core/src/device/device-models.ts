/**
 * The models that an application asks a client for, beside whatever the client is at.
 *
 * @module
 */
import { checkOptions, type OptionNames, refuse } from '../check.ts';
import { isFedkitError } from '../errors.ts';
import type { StateOwner } from '../model/state-file.ts';
import type { PlainData } from '../plain-data.ts';
import { SerialQueue } from '../serial-queue.ts';
import type { DeviceModel, ModelRequest } from './contract.ts';
import { Fault } from './fault.ts';
import { type HeldModel, type ModelOptions, paramsOf, PublishedModels } from './published-model.ts';
import type { Surroundings } from './surroundings.ts';

const REQUEST: OptionNames<ModelRequest> = { from: true };

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
