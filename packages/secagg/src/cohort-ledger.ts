/**
 * Which cohorts a client has helped to sum, so that no two sums of them differ by a few (So et al., "Securing Secure
 * Aggregation: Mitigating Multi-Round Privacy Leakage in Federated Learning", AAAI 2023).
 *
 * @module
 */
import { type ClientId, FedkitError, isFedkitError } from '@fedkit/core';
import {
  checkBytes,
  checkInteger,
  refuse,
  utf8Decode,
  utf8Encode,
  ByteReader,
  ByteWriter,
} from '@fedkit/core/internal';
import { readBitmap, writeBitmap } from './messages/bitmap.ts';
import { encodeId } from './messages/member.ts';

const VERSION = 1;

/**
 * A client's memory of cohorts, over all its rounds. Hand the same one to every {@link SecAggClient} of a task, and save
 * it with the client's state: it is updated before `persist` is called.
 *
 * Guarantee: the cohorts of any two sums the client released shares for are the same, or differ in at least
 * `minimumDifference` clients, counting both sides. Combinations of three or more sums are not covered: they are where
 * clients always take part in the same batches.
 */
export class CohortLedger {
  readonly minimumDifference: number;
  readonly #ids: string[] = [];
  readonly #places: Map<string, number> = new Map();
  readonly #cohorts: Set<number>[] = [];

  /** @param minimumDifference - At least 2. */
  constructor(minimumDifference: number) {
    checkInteger('CohortLedger: minimumDifference', minimumDifference, 2, 0xffffffff);
    this.minimumDifference = minimumDifference;
  }

  /** Different cohorts so far. */
  get size(): number {
    return this.#cohorts.length;
  }

  /**
   * Whether a sum over this cohort may be released; changes nothing.
   *
   * @throws FedkitError `THRESHOLD_NOT_MET` for one that differs from an earlier cohort in too few clients.
   * @complexity O(cohorts · clients).
   */
  check(cohort: readonly ClientId[]): void {
    const ids = new Set(cohort.map((id) => utf8Decode(encodeId('CohortLedger: id', id))));
    for (const earlier of this.#cohorts) {
      let common = 0;
      for (const id of ids) if (earlier.has(this.#places.get(id) ?? -1)) common++;
      const difference = ids.size + earlier.size - 2 * common;
      if (difference === 0 || difference >= this.minimumDifference) continue;
      throw new FedkitError(
        'THRESHOLD_NOT_MET',
        `CohortLedger: expected a cohort that differs from every earlier one in at least ${this.minimumDifference} clients, got ${difference}`,
        { details: { least: this.minimumDifference, difference } },
      );
    }
  }

  /** Checks the cohort, and remembers it. */
  record(cohort: readonly ClientId[]): void {
    this.check(cohort);
    const places = new Set(cohort.map((id) => this.#place(id)));
    const known = this.#cohorts.some(
      (earlier) => earlier.size === places.size && [...places].every((p) => earlier.has(p)),
    );
    if (!known) this.#cohorts.push(places);
  }

  /** Everything it remembers. Not secret, but it says who took part when; a bit for each client and cohort. */
  save(): Uint8Array {
    const writer = new ByteWriter().uint8(VERSION).uint32(this.minimumDifference).uint32(this.#ids.length);
    for (const id of this.#ids) writer.short(utf8Encode(id));
    writer.uint32(this.#cohorts.length);
    for (const cohort of this.#cohorts) {
      writeBitmap(
        writer,
        this.#ids.map((_, place) => cohort.has(place)),
      );
    }
    return writer.finish();
  }

  /**
   * The ledger that {@link save} wrote.
   *
   * @throws FedkitError `DECODE_FAILED` for other bytes.
   */
  static restore(saved: Uint8Array): CohortLedger {
    const reader = new ByteReader('CohortLedger.restore', checkBytes('CohortLedger.restore: saved', saved));
    if (reader.uint8() !== VERSION) reader.refuse(`version ${VERSION}`, 'another');
    const minimumDifference = reader.uint32();
    if (minimumDifference < 2) reader.refuse('a minimum of at least 2', `${minimumDifference}`);
    const ledger = new CohortLedger(minimumDifference);
    for (let left = reader.uint32(); left > 0; left--) {
      const places = ledger.#ids.length;
      if (ledger.#place(readId(reader)) !== places) reader.refuse('ids that differ', 'one twice');
    }
    for (let left = reader.uint32(); left > 0; left--) {
      if (ledger.#ids.length === 0) reader.refuse('cohorts of known clients', 'none');
      const present = readBitmap(reader, ledger.#ids.length);
      ledger.#cohorts.push(new Set(present.flatMap((bit, place) => (bit ? [place] : []))));
    }
    reader.end();
    return ledger;
  }

  #place(id: ClientId): number {
    let place = this.#places.get(id);
    if (place === undefined) {
      place = this.#ids.push(id) - 1;
      this.#places.set(id, place);
    }
    return place;
  }
}

function readId(reader: ByteReader): string {
  try {
    const id = utf8Decode(reader.short());
    encodeId('CohortLedger.restore: id', id);
    return id;
  } catch (cause) {
    if (!isFedkitError(cause, 'INVALID_ARGUMENT')) throw cause;
    return reader.refuse('ids of clients', 'others');
  }
}

/** Refuses what is no ledger. */
export function checkLedger(ledger: unknown): void {
  if (!(ledger instanceof CohortLedger)) {
    refuse('INVALID_ARGUMENT', 'SecAggClient: ledger', 'a CohortLedger', ledger);
  }
}
