/**
 * Who calls: a public key, and a signature over the time that is taken once.
 *
 * @module
 */
import { isFedkitError } from '@fedkit/core';
import { refuse, sha256Bytes, toHex, utf8Encode } from '@fedkit/core/internal';
import { fromBase64 } from '../key/base64.ts';
import { rawSignature, spkiOfOpenSsh, spkiOfPem } from '../key/der.ts';
import { verifierOf } from '../key/node-key.ts';
import { type FleetAdmission, Refused } from './contract.ts';

/** Milliseconds that a signature may be of the future, or of the past, as SuperLink has it. */
const FUTURE = 5_000;
const PAST = 300_000;
/** The most times of one key within that window. */
const MOST_TIMES = 50_000;
/** The most keys where any may come. */
const MOST_KEYS = 100_000;
const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;

/** A node by its key. */
export interface Caller {
  /** Hexadecimal SHA-256 of its SubjectPublicKeyInfo. */
  readonly fingerprint: string;
  /** What Flower calls it: of the fingerprint, so that nothing needs to be kept, and never 0. */
  readonly nodeId: bigint;
  readonly spki: Uint8Array;
}

interface Known {
  readonly caller: Caller;
  readonly verify: (message: Uint8Array, signature: Uint8Array) => Promise<boolean>;
  /** Times taken, and when they are too old to be taken anyway. */
  readonly taken: Map<string, number>;
}

/** Who may speak to the fleet. */
export class Authentication {
  /** By fingerprint. */
  readonly #known = new Map<string, Known>();
  readonly #allowed: ReadonlySet<string> | undefined;
  readonly #now: () => number;

  private constructor(allowed: ReadonlySet<string> | undefined, now: () => number) {
    this.#allowed = allowed;
    this.#now = now;
  }

  /** @throws FedkitError `INVALID_ARGUMENT` for neither keys nor self-registration, `DECODE_FAILED` for a key that is none. */
  static async open({ allowedKeys, selfRegistration }: FleetAdmission, now: () => number): Promise<Authentication> {
    if (selfRegistration === true) return new Authentication(undefined, now);
    if (!Array.isArray(allowedKeys))
      return refuse('INVALID_ARGUMENT', 'flowerFleet', 'allowedKeys, or selfRegistration: true', allowedKeys);
    const callers = await Promise.all(allowedKeys.map((key: string) => callerOf(spkiOfText(key))));
    const ids = new Set(callers.map(({ nodeId }) => nodeId));
    const allowed = new Set(callers.map(({ fingerprint }) => fingerprint));
    if (ids.size !== allowed.size)
      refuse('INVALID_ARGUMENT', 'flowerFleet: allowedKeys', 'keys of different ids', 'others');
    return new Authentication(allowed, now);
  }

  get selfRegistration(): boolean {
    return this.#allowed === undefined;
  }

  /** @throws Refused 401. */
  async caller(headers: Headers): Promise<Caller> {
    const [key, timestamp, signature] = ['flwr-public-key', 'flwr-timestamp', 'flwr-signature'].map(
      (name) => headers.get(name) ?? '',
    );
    if (key === '' || key.length > 1000 || signature.length > 200 || !TIMESTAMP.test(timestamp)) throw new Refused(401);
    const now = this.#now();
    const at = Date.parse(timestamp.replace(/(\.\d{3})\d+/, '$1'));
    if (!(at <= now + FUTURE && at >= now - PAST)) throw new Refused(401);
    try {
      const { caller, verify, taken } = await this.#keyOf(key);
      if (!(await verify(utf8Encode(timestamp), rawSignature(fromBase64(signature))))) throw new Refused(401);
      for (const [time, end] of taken) {
        if (end > now) break;
        taken.delete(time);
      }
      if (taken.has(timestamp) || taken.size >= MOST_TIMES) throw new Refused(401);
      taken.set(timestamp, now + FUTURE + PAST);
      return caller;
    } catch (error) {
      if (isFedkitError(error) && error.code !== 'UNSUPPORTED_PLATFORM') throw new Refused(401);
      throw error;
    }
  }

  async #keyOf(header: string): Promise<Known> {
    const caller = await callerOf(spkiOfPem(fromBase64(header)));
    const { fingerprint } = caller;
    if (this.#allowed?.has(fingerprint) === false) throw new Refused(401);
    const there = this.#known.get(fingerprint);
    if (there) return there;
    if (this.#known.size >= MOST_KEYS) throw new Refused(503);
    const known = { caller, verify: await verifierOf(caller.spki), taken: new Map<string, number>() };
    // Two requests of a new key may come here at once: the first to be here is the one.
    const first = this.#known.get(fingerprint) ?? known;
    this.#known.set(fingerprint, first);
    return first;
  }
}

function spkiOfText(key: string): Uint8Array {
  if (typeof key !== 'string') return refuse('INVALID_ARGUMENT', 'flowerFleet: allowedKeys', 'text', key);
  return key.startsWith('-----') ? spkiOfPem(utf8Encode(key)) : spkiOfOpenSsh(key);
}

async function callerOf(spki: Uint8Array): Promise<Caller> {
  const digest = await sha256Bytes(spki);
  const fingerprint = toHex(digest);
  return { fingerprint, nodeId: BigInt(`0x${fingerprint.slice(0, 16)}`) >> 1n || 1n, spki };
}
