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
import type { Request, Response } from '../protocol/message.ts';
import type { Store } from '../store/contract.ts';
import { unusable } from './answers.ts';

/** What names the bytes of a broadcast. */
export interface NamedModel {
  readonly modelDigest: Uint8Array;
  readonly modelLength: number;
}

/**
 * The part of one broadcast that has arrived. Under `model/<n>/<client>`, or another prefix, stands the n-th part after the digest of the
 * whole, from 0 on without a gap; parts are removed from the last to the first, so that there is never one.
 */
export interface StoredModel {
  /** How many bytes have arrived. */
  readonly received: number;
  readonly complete: boolean;
  /**
   * Asks for the next part and keeps it; resolves with an answer that is none.
   *
   * @throws FedkitError `UNAVAILABLE` for another part than was asked for; what `ask` and the store throw.
   */
  fetch(ask: (request: Request) => Promise<Response>): Promise<Exclude<Response, { kind: 'part' }> | undefined>;
  /** @throws FedkitError `AUTHENTICATION_FAILED` where the parts do not add up to what the task named. */
  verified(): Uint8Array;
  /** Removes what has arrived. */
  drop(): Promise<void>;
}

/**
 * What is there of a broadcast. Parts of another are removed. Allocates `modelLength`: check it first.
 *
 * @param where - The function that was called, for errors.
 */
export async function storedModel(
  where: string,
  store: Store,
  client: ClientId,
  { modelDigest, modelLength }: NamedModel,
  prefix: string = 'model',
): Promise<StoredModel> {
  const whole = new Uint8Array(modelLength);
  let [parts, received] = [0, 0];
  const key = (part: number) => `${prefix}/${part}/${client}`;
  const append = (bytes: Uint8Array) => {
    whole.set(bytes, received);
    received += bytes.length;
  };
  const drop = async () => {
    received = 0;
    for (; parts > 0; parts--) await store.delete(key(parts - 1));
  };

  let fits = true;
  for (; ; parts++) {
    const part = await store.get(key(parts));
    if (part === undefined) break;
    const bytes = checkBytes(`${where}: store: get ${key(parts)}`, part).subarray(32);
    fits &&= sameBytes(part.subarray(0, 32), modelDigest) && received + bytes.length <= modelLength;
    if (fits) append(bytes);
  }
  if (!fits) await drop();
  return {
    get received() {
      return received;
    },
    get complete() {
      return received === modelLength;
    },
    async fetch(ask) {
      const response = await ask({ kind: 'model', digest: modelDigest, offset: received });
      if (response.kind !== 'part') return response;
      const { total, offset, bytes } = response;
      if (total !== modelLength || offset !== received || bytes.length === 0)
        unusable(where, `bytes from ${received} on of ${modelLength}`, 'another part');
      const part = new Uint8Array(32 + bytes.length);
      part.set(modelDigest);
      part.set(bytes, 32);
      await store.put(key(parts), part);
      parts++;
      append(bytes);
      return undefined;
    },
    verified() {
      if (sameBytes(sha256(whole), modelDigest)) return whole;
      throw new FedkitError(
        'AUTHENTICATION_FAILED',
        `${where}: model: expected the broadcast of its digest, got another`,
      );
    },
    drop,
  };
}
