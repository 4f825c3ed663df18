/**
 * What a run begins with, and how one that is over is told from another that is to begin.
 *
 * @module
 */
import type { ServerAlgorithm } from '../algorithm/contract.ts';
import { refuse } from '../check.ts';
import type { PlainData } from '../plain-data.ts';
import { sha256Hex } from '../sha256-hex.ts';
import type { RoundState } from './state.ts';

/** The options that say how a run begins. */
export interface Beginning<S> {
  readonly initial: Float32Array;
  readonly startFrom?: S;
}

/** @throws FedkitError `INVALID_ARGUMENT`, `SHAPE_MISMATCH` for a state that is not one of this algorithm and model. */
export function firstState<S extends PlainData>(
  algorithm: Pick<ServerAlgorithm<S, never, never, never>, 'init'>,
  { initial, startFrom }: Beginning<S>,
): S {
  const fresh = algorithm.init(initial);
  if (startFrom === undefined) return fresh;
  checkShape('federatedServer: startFrom', fresh, startFrom);
  return startFrom;
}

/** SHA-256 over a run's first model, in hexadecimal. */
export function firstModel(params: Float32Array): string {
  return sha256Hex(new Uint8Array(params.buffer, params.byteOffset, params.byteLength));
}

/** Refuses to take the end of one run for the beginning of another. @param begun - Absent in runs of earlier versions. */
export function checkNotOver(phase: string, begun: string | undefined, model: () => string): void {
  if ((phase !== 'finished' && phase !== 'cancelled') || begun === undefined || model() === begun) return;
  const expected = `the first model of the stored run, which is ${phase}: an empty store for another run`;
  refuse('INVALID_ARGUMENT', 'federatedServer: initial', expected, 'another model');
}

/** Whether a run that was told other `rounds` goes on, or has enough. */
export function isResized({ phase, filled, published, current }: RoundState, rounds: number): boolean {
  if (phase === 'finished') return filled === true && published < rounds;
  return phase === 'waiting' && current === null && published >= rounds;
}

function checkShape(where: string, expected: PlainData, got: unknown): void {
  if (expected instanceof Float32Array) {
    if (!(got instanceof Float32Array)) refuse('INVALID_ARGUMENT', where, 'a Float32Array', got);
    if (got.length !== expected.length) refuse('SHAPE_MISMATCH', where, `${expected.length} values`, got.length);
  } else if (typeof expected === 'number') {
    if (typeof got !== 'number') refuse('INVALID_ARGUMENT', where, 'a number', got);
  } else {
    if (typeof got !== 'object' || got === null || ArrayBuffer.isView(got)) {
      refuse('INVALID_ARGUMENT', where, "the algorithm's state, as `server.state`", got);
    }
    for (const name of new Set([...Object.keys(expected), ...Object.keys(got)])) {
      if (!Object.hasOwn(expected, name))
        refuse('INVALID_ARGUMENT', `${where}.${name}`, 'nothing: this algorithm has no such state', name);
      checkShape(`${where}.${name}`, expected[name], (got as Record<string, unknown>)[name]);
    }
  }
}
