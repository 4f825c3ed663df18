// The app's module. Every import names the entry of one concept: Metro ships whatever an import can reach.
import type { Exchange, Store } from '@fedkit/core';
import { fedAvgClient } from '@fedkit/core/algorithm/fed-avg-client';
import { plainTrainer } from '@fedkit/core/client/plain-trainer';
import { type FederatedClient, federatedClient } from '@fedkit/core/device';
import { plainUpdatesClient } from '@fedkit/core/pipeline/plain-updates-client';
import { type Example, examplesOf, FEATURES, type Label, LABELS, model } from './model.ts';

export interface LearnerOptions {
  /** The user, as the server knows them. */
  readonly id: string;
  /** `fetchExchange({ url, headers })`. */
  readonly exchange: Exchange;
  /** `asyncStorageStore(AsyncStorage)`. */
  readonly store: Store;
}

/** Learns with everybody else from examples that never leave this phone. */
export class Learner {
  readonly #store: Store;
  readonly #client: FederatedClient<object>;
  readonly #examples: Example[] = [];
  /** The number of the last example's key. */
  #last = 0;
  #loading: Promise<void> | undefined;

  constructor({ id, exchange, store }: LearnerOptions) {
    this.#store = store;
    const { layout } = model;
    const trainer = async () => plainTrainer(model, examplesOf(await this.examples()));
    // The device tells the server that it has none, and takes part once it does.
    const none = { values: new Float32Array(layout.size), steps: 1, examples: 0 };
    this.#client = federatedClient({
      id,
      pipeline: plainUpdatesClient({ algorithm: fedAvgClient(), layout }),
      trainer: {
        layout,
        // The examples as they are when a round begins.
        train: async (...work) => ((await this.examples()).length === 0 ? none : (await trainer()).train(...work)),
        gradient: async (at) => (await trainer()).gradient(at),
      },
      // All examples at once: what a phone learns does not hang on the order of batches.
      local: () => ({ epochs: 20, batchSize: 'all', learningRate: 0.5 }),
      exchange,
      store,
    }) as FederatedClient<object>;
  }

  /** Keeps an example on this phone, network or none. */
  async add({ features: given, label }: Example): Promise<void> {
    const features = [...given];
    if (features.length !== FEATURES || !features.every(Number.isFinite) || !LABELS.includes(label)) {
      throw new RangeError(`expected ${FEATURES} numbers, and ${LABELS.join(' or ')}`);
    }
    await this.#load();
    // Used once, whether there is room or not: no example takes the place of another.
    const number = ++this.#last;
    await this.#store.put(`example/${String(number).padStart(8, '0')}`, bytesOf(JSON.stringify({ features, label })));
    this.#examples.push({ features, label });
  }

  async examples(): Promise<readonly Example[]> {
    await this.#load();
    return this.#examples;
  }

  /**
   * What the system's background task calls: goes on until the window of so many milliseconds is over, or nothing is left to do.
   * What was begun goes on in the next window, in another process as well.
   *
   * @returns Whether the federation is over.
   */
  async inBackground(milliseconds: number): Promise<boolean> {
    const end = Date.now() + milliseconds;
    for (;;) {
      const step = await this.#client.step();
      if (step.next === 'closed') return true;
      if (Date.now() + step.milliseconds >= end) return false;
      await new Promise((resolve) => setTimeout(resolve, step.milliseconds));
    }
  }

  /** Fetches the latest model, and keeps it. @returns The round that it is of. */
  async refresh(): Promise<number> {
    return (await this.#client.model()).round;
  }

  /** By the model that was fetched last, offline too; `undefined` before the first. */
  async predict(features: readonly number[]): Promise<Label | undefined> {
    const found = await this.#client.model({ from: 'store' });
    if (found === undefined) return undefined;
    const losses = LABELS.map((label) => model.evaluate(found.params, examplesOf([{ features, label }])).loss);
    return LABELS[losses.indexOf(Math.min(...losses))];
  }

  /** Reads the examples of earlier starts, once; again where that failed. */
  #load(): Promise<void> {
    this.#loading ??= this.#read().catch((error: unknown) => {
      this.#loading = undefined;
      throw error;
    });
    return this.#loading;
  }

  async #read(): Promise<void> {
    const keys: string[] = [];
    for await (const key of this.#store.keys('example/')) keys.push(key);
    const found: Example[] = [];
    for (const key of keys.sort()) {
      const bytes = await this.#store.get(key);
      if (bytes) found.push(JSON.parse(String.fromCharCode(...bytes)) as Example);
    }
    this.#examples.push(...found);
    this.#last = keys.length === 0 ? 0 : Number(keys[keys.length - 1].slice('example/'.length));
  }
}

/** ASCII, as this JSON is: older React Native has no TextEncoder. */
function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}
