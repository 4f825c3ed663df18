/**
 * A server's step with rests, for models that one stretch would be too short for: by ranges of coordinates, with the bits of the whole.
 *
 * @module
 */
import type { Update } from '../aggregate/contract.ts';
import { FedkitError } from '../errors.ts';
import type { PlainData } from '../plain-data.ts';
import { inStretches, type Steps, STRETCH } from '../turns.ts';
import type { ServerAlgorithm } from './contract.ts';
import type { RoundInfo } from './round-info.ts';

/** `algorithm.serverStep(state, aggregate, info)`, with rests where the algorithm steps every coordinate by itself. */
export function* serverSteps<S extends PlainData, B extends PlainData, U extends Update, R extends PlainData>(
  algorithm: Pick<ServerAlgorithm<S, B, U, R>, 'serverStep' | 'coordinateWise'>,
  state: S,
  aggregate: R,
  info: RoundInfo,
  stretch: number = STRETCH,
): Steps<S> {
  const size = longest(state);
  if (!algorithm.coordinateWise || size <= stretch) return algorithm.serverStep(state, aggregate, info);
  let next: PlainData | undefined;
  try {
    yield* inStretches(
      size,
      (from, to) => {
        const cut = (vector: Float32Array) => (vector.length === size ? vector.subarray(from, to) : vector);
        const part = algorithm.serverStep(withVectors(state, cut) as S, withVectors(aggregate, cut) as R, info);
        next = pasted(next, part, state, size, from);
      },
      stretch,
    );
  } catch (error) {
    // Of the whole, so that an error names its place there.
    if (error instanceof FedkitError) return algorithm.serverStep(state, aggregate, info);
    throw error;
  }
  return next as S;
}

/** Values of the longest vector. */
function longest(data: PlainData): number {
  if (data instanceof Float32Array) return data.length;
  return typeof data === 'number' ? 0 : Math.max(0, ...Object.values(data).map(longest));
}

function withVectors(data: PlainData, change: (vector: Float32Array) => Float32Array): PlainData {
  if (data instanceof Float32Array) return change(data);
  if (typeof data === 'number') return data;
  return Object.fromEntries(Object.entries(data).map(([name, value]) => [name, withVectors(value, change)]));
}

/** `whole` with a range's next state in its place: vectors of a coordinate each are put together, all else is the range's. */
function pasted(
  whole: PlainData | undefined,
  part: PlainData,
  before: PlainData,
  size: number,
  from: number,
): PlainData {
  if (before instanceof Float32Array && part instanceof Float32Array) {
    if (before.length !== size) return part;
    const vector = (whole as Float32Array | undefined) ?? new Float32Array(size);
    vector.set(part, from);
    return vector;
  }
  if (typeof before === 'number' || typeof part === 'number') return part;
  const [into, old] = [whole, before] as Readonly<Record<string, PlainData>>[];
  return Object.fromEntries(
    Object.entries(part).map(([name, value]) => [name, pasted(into?.[name], value, old[name], size, from)]),
  );
}
