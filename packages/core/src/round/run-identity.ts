/**
 * Which run a store holds: one of another pipeline, algorithm or model must not go on with it.
 *
 * @module
 */
import { toHex } from '../hex.ts';
import { refuse } from '../check.ts';
import { FedkitError } from '../errors.ts';
import type { StateOwner } from '../model/state-file.ts';
import { decodeTerms, differenceOf, digestOfTerms, encodeTerms, type Term } from '../pipeline/terms.ts';
import type { Store } from '../store/contract.ts';
import type { Snapshot, StoredRun } from './chain.ts';

/** What a snapshot is held against. */
export interface RunIdentity {
  readonly format: string;
  readonly pipeline: string;
  readonly kind: string;
  readonly model: string;
}

export function runIdentity(format: string, pipelineDigest: Uint8Array, { kind, model }: StateOwner): RunIdentity {
  return { format, pipeline: toHex(pipelineDigest), kind, model };
}

/** Where a run's terms are kept, so that another pipeline is told what differs. */
const TERMS = 'round/terms';

/** Keeps the terms of a new run. */
export function keepTerms(store: Store, terms: readonly Term[]): Promise<void> {
  return store.put(TERMS, encodeTerms(terms));
}

const NAMES = { kind: 'algorithm', model: 'model', pipeline: 'pipeline digest' } as const;

/** What goes on with a stored run. */
export interface Successor {
  readonly store: Store;
  readonly terms: readonly Term[];
  /** The name it insists on. */
  readonly run: Uint8Array | undefined;
}

/**
 * A snapshot's head, if it is that of the run that `expected` and `successor` name.
 *
 * @throws FedkitError `DECODE_FAILED` for another format, `SHAPE_MISMATCH` for another run, by what differs.
 */
export async function checkIdentity<Head extends RunIdentity & { readonly run: string }>(
  stored: unknown,
  expected: RunIdentity,
  { store, terms: own, run }: Successor,
): Promise<Head> {
  const head = stored as Head;
  if (typeof head !== 'object' || head === null || head.format !== expected.format) {
    throw malformed(`a run of format ${expected.format}`, 'another');
  }
  for (const name of ['kind', 'model', 'pipeline'] as const) {
    if (head[name] === expected[name]) continue;
    const kept = await store.get(TERMS);
    if (kept && toHex(digestOfTerms(decodeTerms(kept))) === head.pipeline)
      throw differenceOf({
        where: 'federatedServer: store',
        own,
        other: decodeTerms(kept),
        named: 'the stored run',
        remedy: 'build the pipeline as that run had it, or begin another in an empty store',
      });
    const got = String(head[name]).slice(0, 16);
    refuse('SHAPE_MISMATCH', `federatedServer: store: ${NAMES[name]}`, expected[name].slice(0, 16), got);
  }
  if (run && toHex(run) !== head.run) {
    refuse('SHAPE_MISMATCH', 'federatedServer: store: run', toHex(run), head.run);
  }
  return head;
}

/** Refuses, before anything is written, what is no run of this server's: `check` looks at the snapshot's head. */
export async function admit({ snapshot, entries }: StoredRun, check: (snapshot: Snapshot) => unknown): Promise<void> {
  if (snapshot) await check(snapshot);
  else if (entries.length > 0) throw malformed('a snapshot before the log', 'none');
}

/** What a store should not hold. */
export function malformed(expected: string, got: string): FedkitError {
  return new FedkitError('DECODE_FAILED', `federatedServer: store: expected ${expected}, got ${got}`);
}
