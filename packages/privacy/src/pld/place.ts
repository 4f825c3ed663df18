/**
 * Puts contracted cells onto a lattice without ever raising a divergence.
 *
 * @module
 */

/** Cells of mass `mass[i]` at loss i·step + mean[i], to be placed at lattice points i·step + offset. */
export interface ContractedCells {
  readonly mass: Float64Array;
  /** In [0, step]. */
  readonly mean: Float64Array;
  /** In [0, step]. */
  readonly offset: number;
  readonly step: number;
  readonly theta: number;
}

/** A lower bound on the lattice i·step + offset; what would fall below its first point is dropped. */
export interface Placement {
  readonly offset: number;
  readonly masses: Float64Array;
}

/**
 * The better of two constructions, measured by the moment E[exp(θL)] that they keep: {@link placeLocally} where the
 * distribution is smooth at the scale of the step, {@link placeSweeping} where it is not.
 *
 * @param center - The offset to begin with, on which the heaviest cell needs no move at all.
 */
export function placeContracted(cells: Omit<ContractedCells, 'offset'>, center: number): Placement {
  const { mass, mean, step, theta } = cells;
  const n = mass.length;
  // exp(θ·i·step), held in range by its own middle; and what contraction alone keeps.
  const weights = new Float64Array(n);
  let contracted = 0;
  let spread = 0;
  for (let i = 0; i < n; i++) {
    weights[i] = Math.exp(Math.min(theta * step * (i - n), 0));
    contracted += mass[i] * weights[i] * Math.exp(theta * mean[i]);
    spread += mass[i] * weights[i];
  }
  const kept = ({ offset, masses }: Placement): number => {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += masses[i] * weights[i];
    return sum * Math.exp(theta * offset);
  };
  let best: Placement = { offset: center, masses: placeLocally({ ...cells, offset: center }) };
  let most = kept(best);
  // As good as connecting the dots above: nothing left worth looking for.
  const tolerance = (spread * theta * (theta + 1) * step * step) / 12;
  for (const start of [0, 0.5, 0.25, 0.75, 0.125, 0.625, 0.375, 0.875]) {
    let offset = (center + start * step) % step;
    for (let i = 0; i < NUDGES && contracted - most > tolerance; i++) {
      const { masses, nudge } = placeSweeping({ ...cells, offset });
      const next = { offset, masses };
      const keeps = kept(next);
      if (keeps > most) {
        most = keeps;
        best = next;
      }
      if (Math.abs(nudge) < 1e-6 * step) break;
      offset = (offset + nudge + step) % step;
    }
  }
  return best;
}

const NUDGES = 3;

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
export function placeLocally({ mass, mean, offset, step, theta }: ContractedCells): Float64Array {
  const n = mass.length;
  const placed = new Float64Array(n);
  const rest = mass.slice();
  const stays = new Uint8Array(n);
  const spread = 0.5 * (theta + 1);
  for (let i = n - 1, above = -1; i >= 0; i--) {
    if (mass[i] === 0) continue;
    const past = mean[i] - offset;
    if (past === 0) stays[i] = 1;
    if (past < 0 && above >= 0) {
      const distance = (above - i) * step + mean[above] - offset;
      const needed = (mass[i] * Math.expm1(-past)) / -Math.expm1(-distance);
      if (needed <= LENDABLE * mass[above] && -past * distance * spread < step + past) {
        stays[i] = 1;
        rest[above] -= needed;
        placed[i] += needed;
      }
    }
    above = i;
  }
  for (let i = n - 1; i >= 0; i--) {
    if (rest[i] <= 0) continue;
    const past = mean[i] - offset;
    if (past > 0) {
      let below = i - 1;
      while (below >= 0 && mass[below] === 0) below--;
      if (below >= 0) {
        const distance = (i - below) * step + offset - mean[below];
        const needed = (rest[i] * -Math.expm1(-past)) / Math.expm1(distance);
        if (needed <= LENDABLE * mass[below] && needed < rest[below] && distance * spread < 1) {
          placed[i] += needed;
          rest[below] -= needed;
        }
      }
    }
    if (past > 0 || stays[i] === 1) placed[i] += rest[i];
    else if (i > 0) placed[i - 1] += rest[i];
  }
  return placed;
}

/**
 * From the right, each point takes the mass above it that no higher point took, then as much of the mass below it as
 * brings the mean of exp(−loss) to the point's own: a contraction, which loses a variance of second order in the step.
 * That is drawing tangents to the divergence curve, each from where the last one meets the lattice. Where the next mass
 * is so far below that its variance would cost more than leaving the mean above the point, the mean stays above it.
 * Points whose surroundings were taken by a higher one stay empty.
 */
export function placeSweeping({ mass, mean, offset, step, theta }: ContractedCells): {
  masses: Float64Array;
  /**
   * Where the lattice had better stand: higher by what the heaviest point's mass has its mean above it, or, if nothing,
   * lower, so that the heaviest point can also take what the next one below could not mix away.
   */
  nudge: number;
} {
  const n = mass.length;
  const masses = new Float64Array(n);
  let heaviest = 0;
  let below = false;
  let nudge = 0;
  const farthest = 2 / (theta + 1);
  let cell = n - 1;
  let rest = mass[cell];
  while (cell >= 0) {
    if (rest === 0) {
      cell--;
      rest = cell >= 0 ? mass[cell] : 0;
      continue;
    }
    // The highest lattice point at or below the highest mass left.
    const point = mean[cell] >= offset ? cell : cell - 1;
    if (point < 0) break;
    let taken = 0;
    let slack = 0;
    while (cell >= 0) {
      const past = (cell - point) * step + mean[cell] - offset;
      if (past >= 0) {
        taken += rest;
        slack -= rest * Math.expm1(-past);
      } else if (rest > 0) {
        if (-past > farthest) break;
        const needed = rest * Math.expm1(-past);
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
      cell--;
      rest = cell >= 0 ? mass[cell] : 0;
    }
    masses[point] += taken;
    const excess = -Math.log1p(-slack / taken);
    if (taken > heaviest) {
      heaviest = taken;
      nudge = excess;
      below = true;
    } else if (below) {
      if (nudge < 1e-6 * step && excess > 0) nudge = (-taken * Math.max(step - excess, 0)) / heaviest;
      below = false;
    }
  }
  return { masses, nudge: Math.max(nudge, -step) };
}
