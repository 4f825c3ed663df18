/**
 * The messages of one stage, made when they are read: a cohort's messages together can be a thousand times its state.
 *
 * @module
 */
import type { ClientId } from '@fedkit/core';

/** A map whose values are functions of the round's state; reading one twice gives the same bytes. */
export class Outbox extends Map<ClientId, Uint8Array> {
  readonly #make: (id: ClientId) => Uint8Array;

  constructor(ids: readonly ClientId[], make: (id: ClientId) => Uint8Array) {
    super();
    this.#make = make;
    const later = new Uint8Array(0);
    for (const id of ids) this.set(id, later);
  }

  override get(id: ClientId): Uint8Array | undefined {
    return this.has(id) ? this.#make(id) : undefined;
  }

  override *entries(): MapIterator<[ClientId, Uint8Array]> {
    for (const id of this.keys()) yield [id, this.#make(id)];
  }

  override *values(): MapIterator<Uint8Array> {
    for (const id of this.keys()) yield this.#make(id);
  }

  override forEach(visit: (message: Uint8Array, id: ClientId, map: Map<ClientId, Uint8Array>) => void): void {
    for (const [id, message] of this.entries()) visit(message, id, this);
  }

  override [Symbol.iterator](): MapIterator<[ClientId, Uint8Array]> {
    return this.entries();
  }
}
