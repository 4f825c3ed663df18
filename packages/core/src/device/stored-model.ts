/**
 * A broadcast on its way to a device, part by part, each kept as it comes.
 *
 * @module
 */
import { sameBytes } from '../bytes.ts';
import { sha256 } from '../sha256.ts';
import type { ClientId } from '../aggregate/contract.ts';
import { checkBytes } from '../check.ts';
import { FedkitError } from '../errors.ts';
import type { Store } from '../store/contract.ts';

/** What names the bytes of a broadcast. */
export interface NamedModel {
  readonly modelDigest: Uint8Array;
  readonly modelLength: number;
}

/**
 * The part of one broadcast that has arrived. Under `model/<n>/<client>`, or another prefix, stands the n-th part after the digest of the
 * whole, from 0 on without a gap; parts are removed from the last to the first, so that there is never one.
 */
export class StoredModel {
  readonly #store: Store;
  readonly #client: ClientId;
  readonly #task: NamedModel;
  readonly #prefix: string;
  readonly #bytes: Uint8Array;
  #parts = 0;
  /** How many bytes have arrived. */
  received = 0;

  private constructor(store: Store, client: ClientId, task: NamedModel, prefix: string) {
    this.#store = store;
    this.#client = client;
    this.#task = task;
    this.#prefix = prefix;
    this.#bytes = new Uint8Array(task.modelLength);
  }

  /** What is there of the task's broadcast. Parts of another are removed. Allocates `task.modelLength`: check it first. */
  static async open(store: Store, client: ClientId, task: NamedModel, prefix: string = 'model'): Promise<StoredModel> {
    const model = new StoredModel(store, client, task, prefix);
    let fits = true;
    for (; ; model.#parts++) {
      const part = await store.get(model.#key(model.#parts));
      if (part === undefined) break;
      checkBytes(`federatedClient: store: get ${model.#key(model.#parts)}`, part);
      const bytes = part.subarray(32);
      fits &&= sameBytes(part.subarray(0, 32), task.modelDigest) && model.received + bytes.length <= task.modelLength;
      if (fits) model.#append(bytes);
    }
    if (!fits) await model.drop();
    return model;
  }

  get complete(): boolean {
    return this.received === this.#task.modelLength;
  }

  /** Keeps the next part. */
  async add(bytes: Uint8Array): Promise<void> {
    const part = new Uint8Array(32 + bytes.length);
    part.set(this.#task.modelDigest);
    part.set(bytes, 32);
    await this.#store.put(this.#key(this.#parts), part);
    this.#parts++;
    this.#append(bytes);
  }

  /** @throws FedkitError `AUTHENTICATION_FAILED` where the parts do not add up to what the task named. */
  verified(): Uint8Array {
    if (!sameBytes(sha256(this.#bytes), this.#task.modelDigest)) {
      throw new FedkitError(
        'AUTHENTICATION_FAILED',
        'federatedClient: model: expected the broadcast of the digest that was named, got another',
      );
    }
    return this.#bytes;
  }

  /** Removes what has arrived. */
  async drop(): Promise<void> {
    this.received = 0;
    for (; this.#parts > 0; this.#parts--) await this.#store.delete(this.#key(this.#parts - 1));
  }

  #key(part: number): string {
    return `${this.#prefix}/${part}/${this.#client}`;
  }

  #append(bytes: Uint8Array): void {
    this.#bytes.set(bytes, this.received);
    this.received += bytes.length;
  }
}
