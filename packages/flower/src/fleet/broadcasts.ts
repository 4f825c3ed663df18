/**
 * The model of a round as nodes get it: downloaded from the server once, cut into Flower's objects once, for all nodes.
 *
 * @module
 */
import { type Algorithm, type ClientId, decodeState, FedkitError, type PlainData, type Update } from '@fedkit/core';
import type { Layout } from '@fedkit/core';
import { type RoundTask, stateOwner } from '@fedkit/core/protocol';
import { sha256Bytes } from '@fedkit/core/internal';
import { makeArray } from '../array/flower-array.ts';
import { writeRecord } from '../array/records.ts';
import type { FlowerObject } from '../object/object.ts';
import type { Ask } from './ask.ts';
import { type Plan, planOf } from './plan.ts';

/** One broadcast. */
export interface FleetBroadcast<B> {
  readonly broadcast: B;
  readonly plan: Plan;
  /** The model's arrays as an ArrayRecord. */
  readonly arrays: FlowerObject;
}

/** The broadcasts of a fleet: the latest, and whatever those that still hold an older one keep of it. */
export class Broadcasts<B extends PlainData, C extends PlainData, U extends Update> {
  readonly #algorithm: Algorithm<PlainData, B, C, U, PlainData>;
  readonly #layout: Layout;
  readonly #ask: Ask;
  #latest: { readonly digest: string; readonly broadcast: Promise<FleetBroadcast<B>> } | undefined;

  constructor(algorithm: Algorithm<PlainData, B, C, U, PlainData>, layout: Layout, ask: Ask) {
    this.#algorithm = algorithm;
    this.#layout = layout;
    this.#ask = ask;
  }

  /** The broadcast of a task, downloaded in the name of `client`. */
  of(client: ClientId, task: RoundTask): Promise<FleetBroadcast<B>> {
    const digest = task.modelDigest.join();
    if (this.#latest?.digest !== digest) {
      const broadcast = this.#open(client, task);
      this.#latest = { digest, broadcast };
      broadcast.catch(() => {
        if (this.#latest?.broadcast === broadcast) this.#latest = undefined;
      });
    }
    return (this.#latest as { readonly broadcast: Promise<FleetBroadcast<B>> }).broadcast;
  }

  async #open(client: ClientId, task: RoundTask): Promise<FleetBroadcast<B>> {
    const layout = this.#layout;
    const owner = stateOwner({ algorithm: this.#algorithm, size: layout.size, layout });
    const broadcast = decodeState(await this.#download(client, task), owner) as B;
    const plan = await planOf(this.#algorithm, broadcast);
    const arrays = new Map<string, Awaited<ReturnType<typeof makeArray>>>();
    for (const { name, shape } of layout.tensors) {
      arrays.set(name, await makeArray(layout.view(plan.start, name), shape));
    }
    return { broadcast, plan, arrays: await writeRecord({ kind: 'arrays', arrays }) };
  }

  async #download(client: ClientId, { modelDigest, modelLength }: RoundTask): Promise<Uint8Array> {
    const bytes = new Uint8Array(modelLength);
    for (let offset = 0; offset < modelLength; ) {
      const part = await this.#ask(client, { kind: 'model', digest: modelDigest, offset });
      if (part.kind !== 'part' || part.offset !== offset || part.total !== modelLength || part.bytes.length === 0) {
        throw new FedkitError('UNAVAILABLE', `flowerFleet: expected a part of the model, got ${part.kind}`);
      }
      bytes.set(part.bytes, offset);
      offset += part.bytes.length;
    }
    const digest = await sha256Bytes(bytes);
    if (digest.some((byte, i) => byte !== modelDigest[i])) {
      throw new FedkitError('UNAVAILABLE', 'flowerFleet: expected the model that the task names, got another');
    }
    return bytes;
  }
}
