/**
 * Puts a discrete distribution onto a lattice without ever raising a divergence.
 *
 * @module
 */
import { exp, expm1 } from '../special/elementary.ts';

/** Masses at ascending losses, relative to a loss that the caller keeps, each in a cell of the lattice of its own. */
export interface Atoms {
  readonly mass: Float64Array;
  readonly loss: Float64Array;
  /** The multiple of the step at or below the loss. */
  readonly cell: Int32Array;
}

/** A lower bound on the lattice place·step + offset; what would fall below its first point is dropped. */
export interface Placement {
  readonly offset: number;
  /** In ascending order; several entries may share one place. */
  readonly places: Int32Array;
  readonly masses: Float64Array;
}

/** The lattice to be placed on, and the tilt at which a placement is judged. */
export interface Lattice {
  readonly step: number;
  readonly theta: number;
  /** How many points the placement has. */
  readonly points: number;
}

const NUDGES = 10;

/**
 * The best of three constructions, measured by the moment E[exp(θL)] that they keep: {@link placeLocally} where the
 * distribution is smooth at the scale of the step; where it is not, {@link placeRising} if most of its mass is at its low end
 * and {@link placeFalling} if it is at its high end.
 *
 * @param cells - At most one atom between two neighbouring multiples of the step.
 * @param finer - The same distribution, in finer atoms where most of its mass is.
 * @param center - The offset to begin with, on which the heaviest cell needs no move at all.
 */
export function placeContracted<A extends Atoms>(
  cells: A,
  finer: () => A,
  center: number,
  lattice: Lattice,
): Placement & { atoms: A } {
  const { step, theta, points } = lattice;
  // exp(θ · loss), held in range by the highest.
  const top = points * step;
  const moment = ({ mass, loss }: Atoms): number => {
    let sum = 0;
    for (let i = 0; i < mass.length; i++) if (mass[i] > 0) sum += mass[i] * exp(theta * (loss[i] - top));
    return sum;
  };
  const kept = ({ offset, places, masses }: Placement): number => {
    let sum = 0;
    for (let i = 0; i < places.length; i++) {
      if (masses[i] > 0) sum += masses[i] * exp(theta * (places[i] * step + offset - top));
    }
    return sum;
  };
  let best = { ...placeLocally(cells, center, lattice), atoms: cells };
  let most = kept(best);
  const contracted = moment(cells);
  // As good as connecting the dots above: nothing left worth looking for.
  const tolerance = (contracted * theta * (theta + 1) * step * step) / 12;
  if (contracted - most <= tolerance) return best;

  const atoms = finer();
  const all = moment(atoms);
  const rising = placeRising(atoms, center, lattice);
  const risen = kept(rising);
  if (risen > most) {
    most = risen;
    best = { ...rising, atoms };
  }
  let offset = center;
  for (let i = 0; i < NUDGES && all - most > tolerance; i++) {
    const { placement, nudge } = placeFalling(atoms, offset, lattice);
    const keeps = kept(placement);
    if (keeps > most) {
      most = keeps;
      best = { ...placement, atoms };
    }
    if (!(nudge >= 1e-6 * step)) break;
    offset += nudge;
  }
  return best;
}

// No cell lends more than this part of what it has to either neighbour.
const LENDABLE = 0.45;

/**
 * A cell that stands off its point moves down to a point below it, losing the distance; or is mixed with mass from
 * the next cell on its other side, so that exp(−loss) has its mean exactly at the point, which loses only a variance.
 * The cheaper one is taken.
 *
 * Mixing only ever contracts: a cell below its point borrows from above as if its mass were whole, though it may lend
 * later, which leaves its loss too high and its divergence too low; a cell above its point borrows from below, from
 * right to left, what it then really needs.
 */
function placeLocally({ mass, loss, cell }: Atoms, offset: number, { step, theta }: Lattice): Placement {
  const n = mass.length;
  const rest = mass.slice();
  const stays = new Uint8Array(n);
  // Entry 2i is the point below atom i, entry 2i + 1 its own.
  const masses = new Float64Array(2 * n);
  const places = new Int32Array(2 * n);
  const spread = 0.5 * (theta + 1);
  for (let i = n - 1, above = -1; i >= 0; i--) {
    places[2 * i] = cell[i] - 1;
    places[2 * i + 1] = cell[i];
    if (mass[i] === 0) continue;
    const past = loss[i] - cell[i] * step - offset;
    if (past === 0) stays[i] = 1;
    if (past < 0 && above >= 0) {
      const distance = loss[above] - cell[i] * step - offset;
      const needed = (mass[i] * expm1(-past)) / -expm1(-distance);
      if (needed <= LENDABLE * mass[above] && -past * distance * spread < step + past) {
        stays[i] = 1;
        rest[above] -= needed;
        masses[2 * i + 1] += needed;
      }
    }
    above = i;
  }
  for (let i = n - 1; i >= 0; i--) {
    if (!(rest[i] > 0)) continue;
    const past = loss[i] - cell[i] * step - offset;
    if (past > 0) {
      let below = i - 1;
      while (below >= 0 && mass[below] === 0) below--;
      if (below >= 0) {
        const distance = cell[i] * step + offset - loss[below];
        const needed = (rest[i] * -expm1(-past)) / expm1(distance);
        if (needed <= LENDABLE * mass[below] && needed < rest[below] && distance * spread < 1) {
          masses[2 * i + 1] += needed;
          rest[below] -= needed;
        }
      }
    }
    if (past > 0 || stays[i] === 1) masses[2 * i + 1] += rest[i];
    else if (cell[i] > 0) masses[2 * i] += rest[i];
  }
  return { offset, places, masses };
}

/**
 * From the left, each point takes the mass below it that no lower point took, then as much of the mass above it as brings
 * the mean of exp(−loss) to the point's own. What finds too little above it moves down a point. What does not fit is left at
 * the high end; see {@link placeFalling}, which leaves it at the low one.
 */
function placeRising({ mass, loss }: Atoms, offset: number, { step, theta, points }: Lattice): Placement {
  const masses: number[] = [];
  const places: number[] = [];
  const farthest = 2 / (theta + 1);
  const n = mass.length;
  let i = 0;
  let rest = mass[0];
  while (i < n) {
    if (rest === 0) {
      rest = mass[++i];
      continue;
    }
    // The lowest lattice point at or above the lowest mass left.
    const point = Math.min(Math.ceil((loss[i] - offset) / step), points - 1);
    const place = point * step + offset;
    let below = 0;
    let deficit = 0;
    // The first is at or below the point, but for rounding.
    for (; i < n && (loss[i] <= place || below === 0); rest = mass[++i]) {
      below += rest;
      deficit += rest * Math.max(expm1(place - loss[i]), 0);
    }
    let above = 0;
    const [first, whole] = [i, rest];
    while (deficit > 0 && i < n && loss[i] - place <= farthest) {
      const gain = rest * -expm1(place - loss[i]);
      if (gain > deficit) {
        const part = rest * (deficit / gain);
        above += part;
        rest -= part;
        deficit = 0;
      } else {
        above += rest;
        deficit -= gain;
        rest = mass[++i];
      }
    }
    if (deficit > 0) [i, rest, above] = [first, whole, 0];
    // At the last point there may be mass above that no point is left for.
    if (point === points - 1) for (; i < n; rest = mass[++i]) above += rest;
    const taken = deficit > 0 ? point - 1 : point;
    if (taken >= 0) {
      places.push(taken);
      masses.push(below + above);
    }
  }
  return { offset, places: Int32Array.from(places), masses: Float64Array.from(masses) };
}

/**
 * From the right, each point takes the mass above it that no higher point took, then as much of the mass below it as
 * brings the mean of exp(−loss) to the point's own: a contraction, which loses a variance of second order in the step.
 * That is drawing tangents to the divergence curve, each from where the last one meets the lattice. Where the next mass
 * is so far below that its variance would cost more than leaving the mean above the point, the mean stays above it.
 * Points whose surroundings were taken by a higher one stay empty.
 */
function placeFalling(
  { mass, loss }: Atoms,
  offset: number,
  { step, theta, points }: Lattice,
): {
  placement: Placement;
  /** By how much higher the lattice could stand for what could not be mixed away: means add up, whatever the groups. */
  nudge: number;
} {
  const masses: number[] = [];
  const places: number[] = [];
  let total = 0;
  let left = 0;
  const farthest = 2 / (theta + 1);
  let i = mass.length - 1;
  let rest = mass[i];
  while (i >= 0) {
    if (rest === 0) {
      i--;
      rest = i >= 0 ? mass[i] : 0;
      continue;
    }
    // The highest lattice point at or below the highest mass left.
    const point = Math.min(Math.floor((loss[i] - offset) / step), points - 1);
    if (!(point >= 0)) break;
    const place = point * step + offset;
    let taken = 0;
    let slack = 0;
    while (i >= 0) {
      // The first atom is at or above the point, but for rounding.
      const past = taken > 0 ? loss[i] - place : Math.max(loss[i] - place, 0);
      if (past >= 0) {
        taken += rest;
        slack -= rest * expm1(-past);
      } else if (rest > 0) {
        if (-past > farthest) break;
        const needed = rest * expm1(-past);
        if (needed > slack) {
          const part = rest * (slack / needed);
          taken += part;
          rest -= part;
          slack = 0;
          break;
        }
        taken += rest;
        slack -= needed;
      }
      i--;
      rest = i >= 0 ? mass[i] : 0;
    }
    places.push(point);
    masses.push(taken);
    total += taken;
    left += slack;
  }
  const placement = {
    offset,
    places: Int32Array.from(places.reverse()),
    masses: Float64Array.from(masses.reverse()),
  };
  return { placement, nudge: total > 0 ? left / total : 0 };
}
