/**
 * What a rule that must see every update folds into: a copy of each, by client.
 *
 * @module
 */
import { checkPositive, checkVector, refuse } from '../../check.ts';
import type { ClientId, Contribution } from '../contract.ts';
import { checkClientId } from '../../client-id.ts';
import { isFiniteVector } from '../../finite.ts';

/** One client's report. */
export interface ListedUpdate {
  readonly client: ClientId;
  readonly weight: number;
  /** Shape [d]; absent for an update that held NaN or infinities. */
  readonly values?: Float32Array;
}

/**
 * Copies of all updates, O(n·d): 4·d bytes a client. Opaque to callers; made by a rule's `create`.
 */
export class UpdateList {
  /** The rule it was made for, with its options. */
  readonly kind: string;
  readonly size: number;
  readonly reference: Float32Array | undefined;
  #entries: Map<ClientId, ListedUpdate> | undefined = new Map();

  constructor(kind: string, size: number, reference?: Float32Array) {
    this.kind = kind;
    this.size = size;
    this.reference = reference;
  }

  #open(where: string): Map<ClientId, ListedUpdate> {
    return this.#entries ?? refuse('PROTOCOL_STATE', where, 'an accumulator that is not disposed', 'a disposed one');
  }

  /** Takes a copy of one contribution. */
  add(where: string, { values, weight = 1, client }: Contribution): void {
    const entries = this.#open(where);
    checkVector(`${where}: values`, values, this.size);
    checkPositive(`${where}: weight`, weight);
    const id = checkClientId(`${where}: client`, client);
    if (entries.has(id)) refuse('PROTOCOL_STATE', `${where}: client`, 'a client that has not reported yet', id);
    this.put(isFiniteVector(values) ? { client: id, weight, values: values.slice() } : { client: id, weight });
  }

  /** Takes an entry as it is; the caller has checked it. */
  put(entry: ListedUpdate): void {
    this.#entries?.set(entry.client, entry);
  }

  remove(where: string, client: ClientId | undefined): void {
    const entries = this.#open(where);
    if (client === undefined || !entries.has(client)) {
      refuse('PROTOCOL_STATE', `${where}: client`, 'a client whose contribution was accumulated', client);
    }
    entries.delete(client);
  }

  /** Throws unless `append` can take over all entries of `from`. */
  checkAppend(where: string, from: UpdateList): void {
    const entries = this.#open(where);
    const added = from.#open(where);
    if (from === this) refuse('INVALID_ARGUMENT', where, 'two accumulators', 'one twice');
    if (from.size !== this.size) refuse('SHAPE_MISMATCH', where, `updates of length ${this.size}`, from.size);
    if (from.kind !== this.kind) refuse('INVALID_ARGUMENT', where, `an accumulator of ${this.kind}`, from.kind);
    if (!sameReference(this.reference, from.reference)) {
      refuse('INVALID_ARGUMENT', where, 'accumulators created with the same reference', 'two that differ');
    }
    for (const client of added.keys()) {
      if (entries.has(client)) refuse('PROTOCOL_STATE', where, 'clients that report once', client);
    }
  }

  /** Takes over all entries of `from`, which shares them: entries never change. */
  append(where: string, from: UpdateList): void {
    this.checkAppend(where, from);
    for (const entry of from.#open(where).values()) this.put(entry);
  }

  /** All entries in ascending order of client id, so that nothing depends on the order of arrival. */
  entries(where: string): ListedUpdate[] {
    return [...this.#open(where).values()].sort((a, b) => (a.client < b.client ? -1 : 1));
  }

  dispose(): void {
    this.#entries = undefined;
  }
}

/** True if both are absent, or agree in every value and its sign. */
export function sameReference(a: Float32Array | undefined, b: Float32Array | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.length === b.length && a.every((value, i) => Object.is(value, b[i]));
}
