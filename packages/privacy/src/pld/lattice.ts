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
import { type DominatingPair, EVALUATION_ERROR, newTails } from './pair.ts';
import { type Atoms, placeContracted } from './place.ts';

/** Masses at origin + (first + i)·step, to be read with `shift` added to every loss. */
export interface LatticeMasses {
  readonly origin: number;
  readonly first: number;
  readonly step: number;
  readonly masses: Float64Array;
  /** P(L = ∞). */
  readonly infinity: number;
  /** ≥ 0 for an upper bound, ≤ 0 for a lower one. */
  readonly shift: number;
}

/** A pair's tails at origin + (first + i)·step, from which both bounds are made. */
export interface SampledTails {
  readonly pair: DominatingPair;
  readonly origin: number;
  readonly first: number;
  readonly step: number;
  readonly p: Float64Array;
  readonly q: Float64Array;
  readonly divergence: Float64Array;
}

const ROUNDING = 2 ** -52;
const HAIR = 2 ** -47;

/** Evaluates `pair` on the lattice origin + step·ℤ over [low, high], from below `low`, at which there may be an atom. */
export function sampleTails(
  pair: DominatingPair,
  origin: number,
  step: number,
  low: number,
  high: number,
): SampledTails {
  const first = Math.ceil((low - origin) / step) - 2;
  const count = Math.ceil((high - origin) / step) - first + 1;
  const p = new Float64Array(count);
  const q = new Float64Array(count);
  const divergence = new Float64Array(count);
  const out = newTails();
  for (let i = 0; i < count; i++) {
    // A hair higher, so that an atom on the lattice never counts as above its own point.
    const loss = origin + (first + i) * step;
    pair.evaluate(loss + HAIR * (Math.abs(loss) + step), out);
    p[i] = out.p;
    q[i] = out.q;
    divergence[i] = out.divergence;
  }
  return { pair, origin, first, step, p, q, divergence };
}

/** The connect-the-dots upper bound. */
export function upperMasses(tails: SampledTails): LatticeMasses {
  const { p, divergence, step } = tails;
  const last = divergence.length - 1;
  const growth = Math.exp(step);
  const width = Math.expm1(step);
  const masses = new Float64Array(last + 1);
  let rise = 0;
  for (let i = 0; i <= last; i++) {
    const fall = i < last ? divergence[i] - divergence[i + 1] : 0;
    // Left of the lattice the curve is the chord from (t, divergence) = (0, 1).
    const mass = i === 0 ? 1 - divergence[0] - fall / width : (growth * rise - fall) / width;
    masses[i] = mass > 0 ? mass : 0;
    rise = fall;
  }
  const infinity = divergence[last] + EVALUATION_ERROR * p[last];

  // What the masses really give, against what they must: one suffix recurrence of positive terms.
  const decay = 1 / growth;
  const loss = -Math.expm1(-step);
  let tail = infinity;
  let reached = infinity;
  let short = 0;
  let ratio = 1;
  for (let i = last - 1; i >= 0; i--) {
    tail += masses[i + 1];
    reached = loss * tail + decay * reached;
    if (tail > 0) {
      short = Math.max(short, (divergence[i] - reached) / tail);
      ratio = Math.max(ratio, p[i] / tail);
    } else if (divergence[i] > 0) short = 1;
  }
  const margin = short + EVALUATION_ERROR * ratio + 8 * ROUNDING * (last + 8);
  for (let i = 0; i <= last; i++) masses[i] *= 1 + margin;
  return {
    origin: tails.origin,
    first: tails.first,
    step,
    masses,
    infinity: Math.min(infinity * (1 + margin), 1),
    shift: 2 * margin + 2 * HAIR * (farthest(tails) + step),
  };
}

/** The contracted lower bound; `theta` weighs what to do with mass between lattice points, and changes no guarantee. */
export function lowerMasses(tails: SampledTails, theta: number): LatticeMasses {
  const { pair, origin, first, step, p, q } = tails;
  const last = p.length - 1;
  const start = origin + first * step;
  const cells: Atoms = { mass: new Float64Array(last + 1), loss: new Float64Array(last + 1) };
  let bulk = 0;
  for (let i = 0; i <= last; i++) {
    // Cell i is (loss i, loss i + 1]; the last one is everything finite beyond.
    const next = i < last ? p[i + 1] : pair.infinity;
    contract(cells, i, start, i * step, step, p[i] - next, i < last ? q[i] - q[i + 1] : q[i]);
    if (cells.mass[i] > cells.mass[bulk]) bulk = i;
  }
  const lattice = { step, theta, points: last + 2 };
  const finer = (): Atoms => refine(tails, cells, bulk);
  const { offset, masses, atoms } = placeContracted(cells, finer, cells.loss[bulk] - bulk * step, lattice);

  const margin = excessOf(masses, offset, step, atoms) + 2 * EVALUATION_ERROR + rounding(tails, atoms.mass.length);
  for (let i = 0; i < masses.length; i++) masses[i] *= 1 - margin;
  return {
    origin: origin + offset,
    first,
    step,
    masses,
    infinity: pair.infinity * (1 - margin),
    shift: -2 * margin - 2 * HAIR * (farthest(tails) + step),
  };
}

/** Writes the mean of a cell that begins at start + at and has these probabilities under P and Q. */
function contract(
  { mass, loss }: Atoms,
  i: number,
  start: number,
  at: number,
  width: number,
  probability: number,
  other: number,
): void {
  mass[i] = Math.max(probability, 0);
  const mean = mass[i] > 0 && other > 0 ? Math.log(mass[i] / other) - (start + at) : width;
  loss[i] = at + Math.min(Math.max(mean, 0), width);
}

const REFINED_CELLS = 12;
const REFINEMENT = 16;

/** The cells around the heaviest cut into sixteen each. */
function refine({ pair, origin, first, step, p, q }: SampledTails, cells: Atoms, bulk: number): Atoms {
  const last = p.length - 1;
  const from = Math.max(bulk - REFINED_CELLS, 0);
  const to = Math.min(bulk + REFINED_CELLS + 1, last);
  const atoms: Atoms = {
    mass: new Float64Array(last + 1 + (to - from) * (REFINEMENT - 1)),
    loss: new Float64Array(last + 1 + (to - from) * (REFINEMENT - 1)),
  };
  const start = origin + first * step;
  const out = newTails();
  let n = 0;
  for (let i = 0; i <= last; i++) {
    if (i < from || i >= to) {
      atoms.mass[n] = cells.mass[i];
      atoms.loss[n++] = cells.loss[i];
      continue;
    }
    let above = p[i];
    let otherAbove = q[i];
    for (let j = 1; j <= REFINEMENT; j++) {
      const at = (i + j / REFINEMENT) * step;
      pair.evaluate(start + at + HAIR * (Math.abs(start + at) + step), out);
      const next = j < REFINEMENT ? out.p : p[i + 1];
      const otherNext = j < REFINEMENT ? out.q : q[i + 1];
      const width = step / REFINEMENT;
      contract(atoms, n++, start, at - width, width, above - next, otherAbove - otherNext);
      above = next;
      otherAbove = otherNext;
    }
  }
  return atoms;
}

/**
 * By how much, relative to the mass above, the divergence of lattice masses exceeds that of the atoms they were made of
 * at some vertex of the latter's polygon; rounding alone, if anything.
 */
function excessOf(masses: Float64Array, offset: number, step: number, { mass, loss }: Atoms): number {
  const decay = Math.exp(-step);
  const growth = -Math.expm1(-step);
  let excess = 0;
  let point = masses.length - 1; // lattice point at or above the vertex
  let tail = masses[point]; // mass at it and above
  let reached = 0; // divergence at it
  let polygonTail = 0; // mass of atoms above the vertex
  let polygon = 0; // their divergence at the vertex
  let above = -1;
  for (let i = mass.length - 1; i >= 0; i--) {
    if (mass[i] === 0) continue;
    if (above >= 0) {
      const gap = loss[i] - loss[above];
      polygon = Math.exp(gap) * polygon - Math.expm1(gap) * polygonTail;
    }
    while (point > 0 && (point - 1) * step + offset >= loss[i]) {
      reached = growth * tail + decay * reached;
      tail += masses[--point];
    }
    const past = loss[i] - (point * step + offset);
    if (tail > 0 && past <= 0) {
      const placed = Math.exp(past) * reached - Math.expm1(past) * tail;
      excess = Math.max(excess, (placed - polygon) / tail);
    }
    polygonTail += mass[i];
    above = i;
  }
  return excess;
}

function rounding(tails: SampledTails, terms: number): number {
  return 16 * ROUNDING * (terms + 8 + farthest(tails));
}

/** The largest loss of the lattice, in absolute value. */
function farthest({ origin, first, step, p }: SampledTails): number {
  return Math.max(Math.abs(origin + first * step), Math.abs(origin + (first + p.length - 1) * step));
}
