/**
 * A field-service app, offline first: technicians write inspection notes; a small model on the phone says what a note is about.
 * Notes never leave the phone. Updates of the model do, when the system gives the app a moment with a network.
 *
 * Every import names the entry of one concept: Metro ships whatever an import can reach.
 *
 * @module
 */
import type { Exchange, Examples, Rng, Store, Trainer } from '@fedkit/core';
import { fedAvgClient } from '@fedkit/core/algorithm/fed-avg-client';
import { mlp, type PlainModel } from '@fedkit/core/client/mlp';
import { plainTrainer } from '@fedkit/core/client/plain-trainer';
import { type FederatedClient, federatedClient } from '@fedkit/core/device';
import { plainUpdatesClient } from '@fedkit/core/pipeline/plain-updates-client';
import { seededRng } from '@fedkit/core/random';
import { FEATURES, featuresOf } from './features.ts';

/** What a note may be about. */
export const KINDS = ['leak', 'wear', 'electrical', 'fine'] as const;
export type Kind = (typeof KINDS)[number];

/** The network that phones and server agree on. */
export const noteModel: PlainModel = mlp({ layers: [FEATURES, 16, KINDS.length] });

/** A note that its technician has filed. */
export interface Note {
  readonly text: string;
  readonly kind: Kind;
}

/** What the app brings. */
export interface FieldServiceOptions {
  readonly id: string;
  readonly exchange: Exchange;
  /** `asyncStorageStore(AsyncStorage)` or `mmkvStore(new MMKV({ id: 'fedkit' }))`. */
  readonly store: Store;
  /** Shuffles the notes of a round, where a test has to repeat; default the client's own stream. */
  readonly shuffle?: (round: number) => Rng;
  /** Told what the app may show. */
  readonly onChange?: (what: 'trained' | 'counted' | 'offline') => void;
}

/** How one background task went. */
export interface BackgroundOutcome {
  /** The server may be asked again after so many milliseconds. */
  readonly milliseconds: number;
  /** The federation is over. */
  readonly closed: boolean;
}

const LOCAL = { epochs: 3, batchSize: 8, learningRate: 0.5 } as const;
const PERSONAL = { epochs: 5, batchSize: 8, learningRate: 0.2, lossAtStart: false } as const;
const KEY = 'personal model';

/** One technician's phone. */
export class FieldService {
  readonly #store: Store;
  readonly #client: FederatedClient<object>;
  readonly #notes: Note[] = [];
  #read: Promise<void> | undefined;

  constructor({ id, exchange, store, shuffle, onChange = () => {} }: FieldServiceOptions) {
    this.#store = store;
    this.#client = federatedClient({
      id,
      pipeline: plainUpdatesClient({ algorithm: fedAvgClient(), layout: noteModel.layout }),
      trainer: {
        layout: noteModel.layout,
        // The notes as they are when a round begins.
        train: async (...work) => (await this.#trainer()).train(...work),
        gradient: async (at) => (await this.#trainer()).gradient(at),
      },
      local: ({ round }) => ({ ...LOCAL, ...(shuffle && { rng: shuffle(round) }) }),
      exchange,
      store,
      onProgress: ({ kind }) => {
        if (kind === 'trained' || kind === 'counted') onChange(kind);
        else if (kind === 'retrying') onChange('offline');
      },
    }) as FederatedClient<object>;
  }

  /** Keeps a note on this phone, network or none. */
  async file(note: Note): Promise<void> {
    await this.#load();
    await this.#store.put(`note/${String(this.#notes.length).padStart(8, '0')}`, bytesOf(note));
    this.#notes.push(note);
  }

  async notes(): Promise<readonly Note[]> {
    await this.#load();
    return this.#notes;
  }

  /**
   * What the system's background task calls: steps until the window closes, nothing is left to do, or the server asks to wait beyond
   * it. What was begun goes on in the next window, in another process as well.
   *
   * @param milliseconds - The window: about 25,000 of the 30 seconds that iOS gives.
   */
  async inBackground(milliseconds: number, now: () => number = Date.now): Promise<BackgroundOutcome> {
    const end = now() + milliseconds;
    for (;;) {
      const step = await this.#client.step();
      if (step.next === 'closed') return { milliseconds: 0, closed: true };
      if (now() + step.milliseconds >= end) return { milliseconds: step.milliseconds, closed: false };
      if (step.milliseconds > 0) await new Promise((resolve) => setTimeout(resolve, step.milliseconds));
    }
  }

  /** What a note is about, by the personal model if there is one, else the latest published one: offline, in a millisecond. */
  async classify(text: string): Promise<Kind | undefined> {
    const params = (await this.#personal()) ?? (await this.#client.model({ from: 'store' }))?.params;
    if (params === undefined) return undefined;
    const inputs = featuresOf(text);
    const losses = KINDS.map((_, label) => noteModel.evaluate(params, { inputs, labels: Uint8Array.of(label) }).loss);
    return KINDS[losses.indexOf(Math.min(...losses))];
  }

  /** Fetches the latest model. @throws FedkitError `UNAVAILABLE` without a network. */
  async refresh(): Promise<number> {
    return (await this.#client.model()).round;
  }

  /** Tunes the published model to this technician's notes. It stays on the phone. */
  async personalize(): Promise<void> {
    const { params } = (await this.#client.model({ from: 'store' })) ?? (await this.#client.model());
    const { values } = await (await this.#trainer()).train(
      params,
      { proximal: 0.1 },
      { ...PERSONAL, rng: seededRng('personal') },
    );
    const tuned = params.map((value, i) => value + values[i]);
    await this.#store.put(KEY, new Uint8Array(tuned.buffer));
  }

  async #personal(): Promise<Float32Array | undefined> {
    const bytes = await this.#store.get(KEY);
    return bytes && new Float32Array(bytes.slice().buffer);
  }

  async #trainer(): Promise<Trainer> {
    await this.#load();
    return plainTrainer(noteModel, examplesOf(this.#notes));
  }

  /** Reads the notes of earlier starts, once. */
  #load(): Promise<void> {
    this.#read ??= (async () => {
      const keys: string[] = [];
      for await (const key of this.#store.keys('note/')) keys.push(key);
      for (const key of keys.sort()) {
        this.#notes.push(noteOf((await this.#store.get(key)) as Uint8Array));
      }
    })();
    return this.#read;
  }
}

/** Notes as a trainer takes them. */
export function examplesOf(notes: readonly Note[]): Examples {
  const inputs = new Float32Array(notes.length * FEATURES);
  for (const [i, { text }] of notes.entries()) inputs.set(featuresOf(text), i * FEATURES);
  return { inputs, labels: Uint8Array.from(notes, ({ kind }) => KINDS.indexOf(kind)) };
}

/** JSON in ASCII: older React Native has no TextEncoder. */
function bytesOf(note: Note): Uint8Array {
  return Uint8Array.from(encodeURIComponent(JSON.stringify(note)), (letter) => letter.charCodeAt(0));
}

function noteOf(bytes: Uint8Array): Note {
  return JSON.parse(decodeURIComponent(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))) as Note;
}
