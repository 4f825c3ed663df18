/**
 * Search over texts that stay on the device, whatever becomes of the model.
 *
 * @module
 */
import type { Store } from '@fedkit/core';
import {
  ByteReader,
  ByteWriter,
  checkAborted,
  checkInteger,
  checkOptions,
  type OptionNames,
  refuse,
  sameBytes,
  SerialQueue,
  turn,
  utf8Decode,
  utf8Encode,
} from '@fedkit/core/internal';
import { decodeFloats, digestOf, encodeFloats } from '../bytes.ts';
import { cosine } from './hard-negatives.ts';

/** A model that embeds. */
export interface Embedder {
  /** What the model is: vectors of equal digests compare. */
  readonly digest: string;
  /** Vectors of length 1, of one width. */
  embed(texts: readonly ArrayLike<number>[]): readonly Float32Array[];
}

/** A text found, nearest first. */
export interface Found {
  readonly id: string;
  /** Cosine with the query. */
  readonly score: number;
}

/** How texts are embedded anew. */
export interface MoveOptions {
  /** Texts between two turns of the event loop, ≥ 1; default 16. */
  readonly atATime?: number;
  /** Stops between two portions; what was done is kept, and the next {@link LocalIndex.move} to the same model goes on. */
  readonly signal?: AbortSignal;
  /** Told after every portion. Awaited. */
  readonly onProgress?: (progress: { readonly done: number; readonly all: number }) => unknown;
}

const MOVE: OptionNames<MoveOptions> = { atATime: true, signal: true, onProgress: true };
const TEXT = 'index/text/';
const VECTOR = 'index/vector/';
const MODEL = 'index/model';

/** Vectors of one model, by the texts' names. */
interface Embedded {
  readonly embedder: Embedder;
  readonly vectors: Map<string, Float32Array>;
}

/**
 * An index of texts as tokens, with a vector each. It answers by the model that it was opened with until every text has a vector of
 * the next: {@link LocalIndex.move} makes those in the background, and then changes over at once. Texts added in between get both.
 *
 * Everything is in the store when a call has resolved: an index that is opened again has the texts and vectors that it had, and
 * a move that was interrupted goes on where it was. Search compares with every vector, O(texts · width), which for the texts of one
 * device takes milliseconds; it finds what there is, not nearly.
 */
export class LocalIndex {
  readonly #store: Store;
  readonly #texts = new Map<string, Int32Array>();
  readonly #queue = new SerialQueue();
  #present: Embedded;
  #next: Embedded | undefined;

  private constructor(store: Store, present: Embedded) {
    this.#store = store;
    this.#present = present;
  }

  /**
   * Opens what the store holds. Where it was kept by another model, texts are embedded before this resolves; to answer by the old
   * model meanwhile, open with that one and {@link move}.
   *
   * @throws FedkitError `DECODE_FAILED` for damaged entries.
   */
  static async open(store: Store, embedder: Embedder, options: MoveOptions = {}): Promise<LocalIndex> {
    checkOptions('LocalIndex.open', options, MOVE);
    const index = new LocalIndex(store, { embedder, vectors: new Map() });
    for await (const key of store.keys(TEXT)) {
      const bytes = await store.get(key);
      if (bytes !== undefined) index.#texts.set(key.slice(TEXT.length), decodeText(key, bytes));
    }
    await index.move(embedder, options);
    return index;
  }

  /** The model that answers, of the store's last index: `undefined` for an empty store. */
  static async modelOf(store: Store): Promise<string | undefined> {
    const bytes = await store.get(MODEL);
    return bytes && utf8Decode(bytes);
  }

  /** The number of texts. */
  get size(): number {
    return this.#texts.size;
  }

  /** The model that answers. */
  get digest(): string {
    return this.#present.embedder.digest;
  }

  /**
   * Adds a text, or puts another in its place.
   *
   * @throws FedkitError `INVALID_ARGUMENT` for an empty name or text, and what the model throws; nothing has changed then.
   */
  add(id: string, text: ArrayLike<number>): Promise<void> {
    return this.#queue.run(async () => {
      if (typeof id !== 'string' || id === '') refuse('INVALID_ARGUMENT', 'index.add: id', 'a name', id);
      const tokens = Int32Array.from(text);
      if (tokens.length === 0) refuse('INVALID_ARGUMENT', 'index.add: text', 'at least one token', 0);
      const sides = this.#next ? [this.#present, this.#next] : [this.#present];
      const made = sides.map(({ embedder }) => embedder.embed([tokens])[0]);
      await this.#store.put(TEXT + id, encodeText(tokens));
      for (const [i, { embedder }] of sides.entries()) {
        await this.#store.put(keyOf(embedder, id), encodeVector(tokens, made[i]));
      }
      this.#texts.set(id, tokens);
      sides.forEach(({ vectors }, i) => vectors.set(id, made[i]));
    });
  }

  /** Removes a text and its vectors; one that is not there is no error. */
  remove(id: string): Promise<void> {
    return this.#queue.run(async () => {
      await this.#store.delete(TEXT + id);
      this.#texts.delete(id);
      for (const side of [this.#present, this.#next]) {
        side?.vectors.delete(id);
        if (side) await this.#store.delete(keyOf(side.embedder, id));
      }
    });
  }

  /** The `count` texts nearest to a query, of equals by name; by one model from the first score to the last. */
  search(query: ArrayLike<number>, count: number): Found[] {
    checkInteger('index.search: count', count, 1);
    const { embedder, vectors } = this.#present;
    const [own] = embedder.embed([query]);
    const found = [...vectors].map(([id, vector]): Found => ({ id, score: cosine(own, vector) }));
    return found.sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1)).slice(0, count);
  }

  /** The vectors of the model that answers, in the order of {@link ids}. */
  vectors(): Float32Array[] {
    return [...this.#present.vectors.values()];
  }

  /** Names of the texts that {@link vectors} has. */
  ids(): string[] {
    return [...this.#present.vectors.keys()];
  }

  /**
   * Embeds every text by the next model, in portions between which searches and additions go on, and then answers by it. A move
   * to a third model takes the place of one that is not done.
   *
   * @throws FedkitError `ABORTED` once the signal fires, or once another move has begun; the index answers as before.
   */
  async move(embedder: Embedder, options: MoveOptions = {}): Promise<void> {
    checkOptions('index.move', options, MOVE);
    const atATime = checkInteger('index.move: atATime', options.atATime ?? 16, 1);
    const next: Embedded = { embedder, vectors: new Map() };
    await this.#queue.run(async () => {
      this.#next = next;
      for (const [id, text] of this.#texts) {
        const key = keyOf(embedder, id);
        const bytes = await this.#store.get(key);
        const vector = bytes && decodeVector(key, text, bytes);
        if (vector) next.vectors.set(id, vector);
      }
    });
    for (;;) {
      checkAborted('index.move', options.signal);
      if (this.#next !== next) refuse('ABORTED', 'index.move', 'no other move before this one is done', 'another');
      const done = await this.#queue.run(() => this.#portion(next, atATime));
      await options.onProgress?.({ done: next.vectors.size, all: this.#texts.size });
      if (done) return;
      await turn();
    }
  }

  /** Embeds some texts more; once none is missing, the index has moved. */
  async #portion(next: Embedded, atATime: number): Promise<boolean> {
    if (this.#next !== next) return false;
    const missing = [...this.#texts].filter(([id]) => !next.vectors.has(id)).slice(0, atATime);
    const made = missing.length === 0 ? [] : next.embedder.embed(missing.map(([, text]) => text));
    for (const [i, [id, text]] of missing.entries()) {
      await this.#store.put(keyOf(next.embedder, id), encodeVector(text, made[i]));
      next.vectors.set(id, made[i]);
    }
    if (next.vectors.size < this.#texts.size) return false;
    await this.#store.put(MODEL, utf8Encode(next.embedder.digest));
    this.#present = next;
    this.#next = undefined;
    const kept = keyOf(next.embedder, '');
    for await (const key of this.#store.keys(VECTOR)) {
      if (!key.startsWith(kept) || !this.#texts.has(key.slice(kept.length))) await this.#store.delete(key);
    }
    return true;
  }
}

function keyOf({ digest }: Embedder, id: string): string {
  return `${VECTOR}${digest}/${id}`;
}

function encodeText(tokens: Int32Array): Uint8Array {
  const out = new ByteWriter();
  for (const token of tokens) out.uint32(token);
  return out.finish();
}

function decodeText(key: string, bytes: Uint8Array): Int32Array {
  const input = new ByteReader(key, bytes);
  return Int32Array.from({ length: Math.ceil(bytes.length / 4) }, () => input.uint32());
}

/** The vector behind the digest of its text: one of a text that was there before is none. */
function encodeVector(text: Int32Array, vector: Float32Array): Uint8Array {
  return new ByteWriter()
    .bytes(digestOf(encodeText(text)))
    .bytes(encodeFloats(vector))
    .finish();
}

function decodeVector(key: string, text: Int32Array, bytes: Uint8Array): Float32Array | undefined {
  const digest = digestOf(encodeText(text));
  if (!sameBytes(digest, bytes.subarray(0, digest.length))) return undefined;
  const rest = bytes.subarray(digest.length);
  return decodeFloats(key, rest, rest.length / 4);
}
