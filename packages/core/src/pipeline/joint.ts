/**
 * All slots of an update as one vector, which is what differential privacy protects: clipped jointly, noised jointly.
 *
 * Slots beside the update have a clip C_b of their own, so that they shrink nothing, and are scaled by s_b = σ/σ_b for a noise of σ_b
 * in their own unit. What a client moves is at most √(C² + Σ (s_b·C_b)²): one release of that norm under σ, which for Gaussian
 * noise costs what the releases cost composed.
 *
 * @module
 */
import { checkPositive, refuse } from '../check.ts';
import type { SummandShape } from './rules.ts';

/** A slot beside the update, clipped by itself. */
export interface BesideClip {
  /** L2 bound of one client's values of the slot, before its weight. */
  readonly clip: number;
  /** The noise of the update over that of the slot. */
  readonly scale: number;
}

/** What bounds a client's values. */
export interface Clips {
  /** L2 bound of all slots of the update together. */
  readonly clip: number;
  /** By slot. */
  readonly beside?: Readonly<Record<string, BesideClip>>;
}

/** Slots in a row. */
export interface Joint {
  /** D, the values of all slots. */
  readonly size: number;
  /** The largest norm that a client adds to the sum, up to float32 rounding. */
  readonly bound: number;
  /** The slots in a row: clipped, scaled, then weighted slots times the weight. */
  join(values: readonly Float32Array[], weight: number | undefined): Float32Array;
  /** The slots again, by name, in their own units. */
  split(values: Float32Array): Record<string, Float32Array>;
  /** What a weight counts as. @throws FedkitError `OUT_OF_RANGE` unless finite and > 0. */
  weightOf(where: string, weight: number | undefined): number;
  /** Whether weights count. */
  readonly weighs: boolean;
}

/** @param maximumWeight - `undefined` where all updates count alike. */
export function jointOf(
  summands: readonly SummandShape[],
  maximumWeight: number | undefined,
  { clip, beside = {} }: Clips,
): Joint {
  const weighs = maximumWeight !== undefined && summands.some(({ weighted }) => weighted);
  const size = summands.reduce((sum, summand) => sum + summand.size, 0);
  const cap = weighs ? maximumWeight : 1;
  const own = summands.map(({ name }) => (Object.hasOwn(beside, name) ? beside[name] : undefined));
  const update = summands.filter((_, i) => own[i] === undefined);
  // Slots that weights do not touch count once.
  const factor = update.every(({ weighted }) => weighted) ? cap : Math.max(1, cap);
  const others = own.flatMap((part, i) => (part ? [part.clip * part.scale * (summands[i].weighted ? cap : 1)] : []));
  const largest = clip * factor;
  return {
    size,
    bound:
      others.length === 0 ? largest : Math.sqrt(others.reduce((sum, norm) => sum + norm * norm, largest * largest)),
    weighs,
    weightOf: (where, weight) => (weighs ? Math.min(checkPositive(where, weight ?? 1), cap) : 1),
    join(values, weight = 1) {
      let squares = 0;
      for (const [i, slot] of values.entries()) if (!own[i]) squares = addSquares(squares, slot);
      const shrink = shrinkTo(clip, squares);
      const joint = new Float32Array(size);
      let at = 0;
      for (const [i, slot] of values.entries()) {
        const part = own[i];
        const shrunk = part ? shrinkTo(part.clip, addSquares(0, slot)) * part.scale : shrink;
        const by = summands[i].weighted ? shrunk * weight : shrunk;
        for (const value of slot) joint[at++] = value * by;
      }
      return joint;
    },
    split(values) {
      let at = 0;
      return Object.fromEntries(
        summands.map(({ name, size: length }, i) => {
          const slot = values.slice(at, at + length);
          at += length;
          const scale = own[i]?.scale ?? 1;
          return [name, scale === 1 ? slot : slot.map((value) => value / scale)];
        }),
      );
    },
  };
}

function addSquares(squares: number, values: Float32Array): number {
  let sum = squares;
  for (const value of values) sum += value * value;
  return sum;
}

function shrinkTo(clip: number, squares: number): number {
  const norm = Math.sqrt(squares);
  if (!Number.isFinite(norm)) refuse('OUT_OF_RANGE', 'clip', 'an update of finite norm', 'another');
  return norm > clip ? clip / norm : 1;
}
