/**
 * A reply that comes in object by object, within bounds.
 *
 * @module
 */
import { FedkitError } from '@fedkit/core';
import { objectId } from '../object/object.ts';
import { gather, idsOf } from '../object/tree.ts';
import { type FlowerRecords, readRecords } from '../array/records.ts';
import type { ObjectTree } from '../proto/messages.ts';

/** What bounds one reply. */
export interface ReplyBounds {
  readonly objects: number;
  readonly bytes: number;
}

/** The objects of one reply. Those that the message brought are there from the start. */
export class ReplyIntake {
  readonly root: string;
  readonly sessionId: string;
  /** When its last object came, in milliseconds. */
  touched: number;
  readonly #wanted: Set<string>;
  readonly #bounds: ReplyBounds;
  readonly #known: ReadonlyMap<string, Uint8Array>;
  readonly #objects = new Map<string, Uint8Array>();
  #bytes = 0;

  /** @throws FedkitError `DECODE_FAILED` for a tree beyond the bounds. */
  constructor(
    tree: ObjectTree,
    known: ReadonlyMap<string, Uint8Array>,
    bounds: ReplyBounds,
    session: { readonly id: string; readonly now: number },
  ) {
    this.root = tree.objectId;
    this.sessionId = session.id;
    this.touched = session.now;
    this.#known = known;
    this.#bounds = bounds;
    this.#wanted = new Set(idsOf(tree, bounds.objects).filter((id) => !known.has(id)));
  }

  /** Ids that are still to come. */
  get wanted(): string[] {
    return [...this.#wanted];
  }

  get complete(): boolean {
    return this.#wanted.size === 0;
  }

  /** Whether the object was wanted and is what its id says; nothing else is kept. @throws FedkitError `OUT_OF_RANGE`. */
  async take(id: string, content: Uint8Array, now: number): Promise<boolean> {
    if (!this.#wanted.has(id)) return this.#objects.has(id);
    if (this.#bytes + content.length > this.#bounds.bytes) {
      throw new FedkitError(
        'OUT_OF_RANGE',
        `flowerFleet: expected a reply of at most ${this.#bounds.bytes} bytes, got more`,
      );
    }
    if ((await objectId(content)) !== id) return false;
    if (this.#wanted.delete(id)) {
      this.#bytes += content.length;
      this.#objects.set(id, content);
    }
    this.touched = now;
    return true;
  }

  /** The records of the complete reply. @throws FedkitError `DECODE_FAILED` for objects that make none. */
  records(): FlowerRecords {
    const { type, children } = gather(this.root, (id) => this.#objects.get(id) ?? this.#known.get(id));
    if (type !== 'Message' || children.length !== 1) {
      throw new FedkitError('DECODE_FAILED', 'flowerFleet: expected a message of one RecordDict, got another object');
    }
    return readRecords(children[0]);
  }
}
