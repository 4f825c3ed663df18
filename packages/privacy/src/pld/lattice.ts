/**
 * Loss distributions on a lattice that bound a pair's from above and from below.
 *
 * Order. With X = exp(−L) under P, the hockey-stick divergence is E[(1 − tX)₊], t = exp(ε), so a distribution of X that is
 * larger in the convex decreasing order has the larger divergence at every ε; the order survives products of
 * independent X, hence composition. Spreading X with its mean kept gives an upper bound, contracting it a lower one,
 * and raising X a lower one.
 *
 * Upper: connect the dots (Doroshenko, Ghazi, Kamath, Kumar and Manurangsi 2022): the divergence interpolated linearly in
 * t between lattice points, which spreads each cell's mass over its two ends. Lower: each cell contracted to its mean
 * (a polygon inscribed in the trade-off curve, that is tangents of the divergence), then moved onto the lattice, either
 * down or, mixed with a little mass from further out so that the mean fits, up.
 *
 * Both are checked after the fact: the divergence of the masses as stored is compared with the bound they must keep,
 * and whatever rounding took is given back by scaling the masses and shifting the lattice.
 *
 * @module
 */
import { type DominatingPair, EVALUATION_ERROR, LOSS_ERROR, newTails } from './pair.ts';
import { chooseKnots } from './knots.ts';
import { type Atoms, type Placement, placeContracted } from './place.ts';
import type { Survey } from './survey.ts';
import type { Task } from './task.ts';
import { unresolved } from './unresolved.ts';
import { exp, expm1, ln } from '../special/elementary.ts';

/** Masses at origin + (first + places[i])·step, to be read with `shift` added to every loss. */
export interface LatticeMasses {
  readonly origin: number;
  readonly first: number;
  readonly step: number;
  /** In ascending order. */
  readonly places: Int32Array;
  readonly masses: Float64Array;
  /** P(L = ∞). */
  readonly infinity: number;
  /** ≥ 0 for an upper bound, ≤ 0 for a lower one. */
  readonly shift: number;
}

/** A pair's tails at origin + (first + knots[i])·step, from which both bounds are made. */
export interface SampledTails {
  readonly pair: DominatingPair;
  readonly origin: number;
  readonly first: number;
  readonly step: number;
  readonly knots: Int32Array;
  readonly p: Float64Array;
  readonly weighted: Float64Array;
  readonly divergence: Float64Array;
}

const ROUNDING = 2 ** -52;
/** Twice what evaluations may be off by. */
const HAIR = 2 * LOSS_ERROR;
/** Tails below the range of float64 are evaluated as 0. */
const UNDERFLOW = 1e-305;
/** Masses corrected by more than this say nothing. */
const MOST_MARGIN = 0.25;

const CHUNK = 1 << 14;

/**
 * Evaluates the pair of a survey on the lattice origin + step·ℤ over its losses, from below the lowest, at which there may be
 * an atom: at every point where mass is at the tilt θ, at fewer elsewhere. The more rounds are composed, the fewer.
 */
export function* sampleTails(
  survey: Survey,
  { origin, step, theta, rounds }: { origin: number; step: number; theta: number; rounds: number },
): Task<SampledTails> {
  const { pair, losses } = survey;
  const first = Math.ceil((losses[0] - origin) / step) - 2;
  const points = Math.ceil((losses[losses.length - 1] - origin) / step) - first + 1;
  const knots = chooseKnots(survey, theta, { origin, first, step, points, rounds });
  const count = knots.length;
  const p = new Float64Array(count);
  const weighted = new Float64Array(count);
  const divergence = new Float64Array(count);
  const out = newTails();
  for (let i = 0; i < count; i++) {
    if (i % CHUNK === CHUNK - 1) yield;
    // A hair higher, so that an atom on the lattice never counts as above its own point.
    const loss = origin + (first + knots[i]) * step;
    pair.evaluate(loss + HAIR * (Math.abs(loss) + step), out);
    p[i] = out.p;
    weighted[i] = out.weighted;
    divergence[i] = out.divergence;
  }
  return { pair, origin, first, step, knots, p, weighted, divergence };
}

/** The connect-the-dots upper bound. */
export function upperMasses(tails: SampledTails): LatticeMasses {
  const { p, divergence, step, knots } = tails;
  const last = divergence.length - 1;
  const masses = new Float64Array(last + 1);
  const infinity = divergence[last] + EVALUATION_ERROR * p[last] + UNDERFLOW;
  let gap = 0;
  let decay = 1;
  let loss = 0;
  // Left of the lattice the curve is the chord from (t, divergence) = (0, 1).
  let rise = 1 - divergence[0];
  for (let i = 0; i <= last; i++) {
    let fall = 0;
    let next = 0;
    if (i < last) {
      const steps = knots[i + 1] - knots[i];
      if (steps !== gap) {
        gap = steps;
        decay = exp(-steps * step);
        loss = -expm1(-steps * step);
      }
      next = (divergence[i] - divergence[i + 1]) / loss;
      fall = next * decay;
    }
    const mass = rise - fall;
    masses[i] = mass > 0 ? mass : 0;
    rise = next;
  }

  // What the masses really give, against what they must: one suffix recurrence of positive terms.
  let tail = infinity;
  let reached = infinity;
  let short = 0;
  let ratio = 1;
  for (let i = last - 1; i >= 0; i--) {
    const steps = knots[i + 1] - knots[i];
    if (steps !== gap) {
      gap = steps;
      decay = exp(-steps * step);
      loss = -expm1(-steps * step);
    }
    tail += masses[i + 1];
    reached = loss * tail + decay * reached;
    short = Math.max(short, (divergence[i] - reached) / tail);
    ratio = Math.max(ratio, p[i] / tail);
  }
  const margin = short + EVALUATION_ERROR * ratio + 8 * ROUNDING * (last + 8);
  if (!(margin < MOST_MARGIN)) throw unresolved();
  for (let i = 0; i <= last; i++) masses[i] *= 1 + margin;
  return {
    origin: tails.origin,
    first: tails.first,
    step,
    places: knots,
    masses,
    infinity: Math.min(infinity * (1 + margin), 1),
    shift: 2 * margin + 2 * HAIR * (farthest(tails) + step),
  };
}

/** The contracted lower bound; `theta` weighs what to do with mass between lattice points, and changes no guarantee. */
export function lowerMasses(tails: SampledTails, theta: number): LatticeMasses {
  const { pair, origin, first, step, knots, p, weighted } = tails;
  const last = p.length - 1;
  const cells = newCells(last + 1);
  let bulk = 0;
  for (let i = 0; i <= last; i++) {
    // Cell i is (loss i, loss i + 1]; the last one is everything finite beyond.
    const steps = i < last ? knots[i + 1] - knots[i] : 1;
    contract(cells, i, knots[i], steps, 1, step, {
      p: p[i],
      weighted: weighted[i],
      pAbove: i < last ? p[i + 1] : pair.infinity,
      weightedAbove: i < last ? weighted[i + 1] : 0,
    });
    if (cells.mass[i] > cells.mass[bulk]) bulk = i;
  }
  const lattice = { step, theta, points: knots[last] + 2 };
  const finer = (): Cells => refine(tails, cells, bulk);
  const center = cells.loss[bulk] - cells.cell[bulk] * step;
  const { offset, places, masses, atoms } = placeContracted(cells, finer, center, lattice);

  const placed = { offset, places, masses };
  const margin =
    excessOf(placed, step, atoms, pair.infinity) + 2 * EVALUATION_ERROR + rounding(tails, atoms.mass.length);
  if (!(margin < MOST_MARGIN)) throw unresolved();
  for (let i = 0; i < masses.length; i++) masses[i] *= 1 - margin;
  return {
    origin: origin + offset,
    first,
    step,
    places,
    masses,
    infinity: pair.infinity * (1 - margin),
    shift: -2 * margin - 2 * HAIR * (farthest(tails) + step),
  };
}

/** Cells contracted to one atom each, and a bound of the divergence at each atom: the higher of the tangents at the cell's ends. */
interface Cells extends Atoms {
  readonly bound: Float64Array;
}

function newCells(count: number): Cells {
  return {
    mass: new Float64Array(count),
    loss: new Float64Array(count),
    bound: new Float64Array(count),
    cell: new Int32Array(count),
  };
}

/** What lies above the two ends of a cell, under P and, weighted at the end, under Q. */
interface Ends {
  readonly p: number;
  readonly weighted: number;
  readonly pAbove: number;
  readonly weightedAbove: number;
}

/** Writes the atom of the cell that is `steps` · step / `parts` wide and begins at `at` · step. */
function contract(
  { mass, loss, bound, cell }: Cells,
  i: number,
  at: number,
  steps: number,
  parts: number,
  step: number,
  { p, weighted, pAbove, weightedAbove }: Ends,
): void {
  const from = Math.floor(at);
  cell[i] = from;
  const probability = p - pAbove;
  if (!(probability > 0)) return;
  const width = (steps / parts) * step;
  const decay = exp(-width);
  const other = weighted - decay * weightedAbove;
  const mean = other > 0 ? Math.min(Math.max(ln(probability / other), 0), width) : 0;
  const growth = exp(mean);
  mass[i] = probability;
  loss[i] = at * step + mean;
  cell[i] = Math.min(Math.floor(loss[i] / step), from + (parts > 1 ? 0 : steps - 1));
  bound[i] = Math.max(p - growth * weighted, pAbove - decay * growth * weightedAbove);
}

const REFINED_CELLS = 12;
const REFINEMENT = 16;

/** The cells around the heaviest, where they are single steps, cut into sixteen each. */
function refine({ pair, origin, first, step, knots, p, weighted }: SampledTails, cells: Cells, bulk: number): Cells {
  const last = p.length - 1;
  const isFine = (i: number): boolean =>
    i >= bulk - REFINED_CELLS && i <= bulk + REFINED_CELLS && i < last && knots[i + 1] - knots[i] === 1;
  const atoms = newCells(last + 1 + (2 * REFINED_CELLS + 1) * (REFINEMENT - 1));
  const start = origin + first * step;
  const out = newTails();
  let n = 0;
  for (let i = 0; i <= last; i++) {
    if (!isFine(i)) {
      atoms.mass[n] = cells.mass[i];
      atoms.loss[n] = cells.loss[i];
      atoms.cell[n] = cells.cell[i];
      atoms.bound[n++] = cells.bound[i];
      continue;
    }
    let above = p[i];
    let weightedAbove = weighted[i];
    for (let j = 1; j <= REFINEMENT; j++) {
      const loss = start + (knots[i] + j / REFINEMENT) * step;
      pair.evaluate(loss + HAIR * (Math.abs(loss) + step), out);
      const pAbove = j < REFINEMENT ? out.p : p[i + 1];
      const next = j < REFINEMENT ? out.weighted : weighted[i + 1];
      const at = knots[i] + (j - 1) / REFINEMENT;
      contract(atoms, n++, at, 1, REFINEMENT, step, { p: above, weighted: weightedAbove, pAbove, weightedAbove: next });
      above = pAbove;
      weightedAbove = next;
    }
  }
  return {
    mass: atoms.mass.subarray(0, n),
    loss: atoms.loss.subarray(0, n),
    cell: atoms.cell.subarray(0, n),
    bound: atoms.bound.subarray(0, n),
  };
}

/**
 * By how much, relative to the mass above, the divergence of lattice masses exceeds the polygon of tangents at some
 * vertex of it; rounding alone, if anything. Between vertices tangents are straight and the lattice's divergence convex.
 */
function excessOf(
  { offset, places, masses }: Placement,
  step: number,
  { mass, loss, bound }: Cells,
  infinity: number,
): number {
  let excess = 0;
  let entry = masses.length - 1; // the lowest entry at or above the vertex
  if (entry < 0) return 0;
  let tail = masses[entry]; // mass at it and above
  let reached = 0; // divergence at it
  for (let i = mass.length - 1; i >= 0; i--) {
    if (mass[i] === 0) continue;
    while (entry > 0 && places[entry - 1] * step + offset >= loss[i]) {
      const gap = (places[entry - 1] - places[entry]) * step;
      if (gap < 0) reached = exp(gap) * reached - expm1(gap) * tail;
      tail += masses[--entry];
    }
    const past = loss[i] - (places[entry] * step + offset);
    if (tail > 0 && past <= 0) {
      const placed = exp(past) * reached - expm1(past) * tail;
      excess = Math.max(excess, (placed + infinity - bound[i]) / tail);
    }
  }
  return excess;
}

function rounding(tails: SampledTails, terms: number): number {
  return 16 * ROUNDING * (terms + 8 + farthest(tails));
}

/** The largest loss of the lattice, in absolute value. */
function farthest({ origin, first, step, knots }: SampledTails): number {
  return Math.max(Math.abs(origin + first * step), Math.abs(origin + (first + knots[knots.length - 1]) * step));
}
