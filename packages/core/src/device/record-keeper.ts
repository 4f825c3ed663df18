/**
 * The one record of a client, and its next.
 *
 * @module
 */
import { sameBytes } from '../bytes.ts';
import { type ClientRecord, freshRecord, giveUp } from './client-record.ts';
import type { RecordPlace } from './record-place.ts';

/** Reads the record once and writes every next one. */
export interface RecordKeeper {
  /** The record as the store has it, once whatever it may not have is there. */
  load(): Promise<ClientRecord>;
  /** The record last loaded or put. */
  readonly current: ClientRecord;
  /**
   * Puts the next record, then runs `onKept`. If the store fails, the next `load` tries again before anything else: what
   * was trained or answered is not lost to a store that is full for a while.
   */
  commit(record: ClientRecord, onKept: () => void): Promise<void>;
  /**
   * Puts the next record, or forgets it.
   *
   * @throws FedkitError `PROTOCOL_STATE` where the store compares and has another's record.
   */
  put(record: ClientRecord): Promise<void>;
}

/** @param pipeline - 32 bytes: a record of another pipeline is none. */
export function recordKeeper(place: RecordPlace, pipeline: Uint8Array): RecordKeeper {
  let current: ClientRecord | undefined;
  /** A record that the store may not have, and what to do once it does. */
  let unsaved: { readonly record: ClientRecord; readonly onKept: () => void } | undefined;

  async function put(record: ClientRecord): Promise<void> {
    current = await place.write(record);
  }

  async function flush(): Promise<void> {
    if (!unsaved) return;
    const { record, onKept } = unsaved;
    await put(record);
    unsaved = undefined;
    onKept();
  }

  return {
    get current() {
      return current as ClientRecord;
    },
    put,
    async load() {
      await flush();
      if (current) return current;
      const found = await place.read();
      if (found && sameBytes(found.pipeline, pipeline)) return (current = found);
      // Nothing of another pipeline's record means anything here, but its server need not wait for this client.
      const fresh = freshRecord(pipeline);
      return (current = found && 'task' in found.work ? giveUp(fresh, found.work.task.ticket) : fresh);
    },
    commit(record, onKept) {
      unsaved = { record, onKept };
      return flush();
    },
  };
}
