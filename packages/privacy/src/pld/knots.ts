/**
 * Where a pair is evaluated: at every lattice point where its mass is, and more sparsely where little is.
 *
 * @module
 */
import { cumulant, type Survey } from './survey.ts';
import { exp, floorLog2, ln } from '../special/elementary.ts';

/** By how much sparse places may add to the variance that a step everywhere would leave. */
const SHARE = 0.25;
const MAX_KNOTS = 1 << 22;
const POWERS_OF_FOUR = Float64Array.from({ length: 32 }, (_, k) => 4 ** k);

/** The lattice, and how many compositions its step was chosen for. */
interface Lattice {
  readonly origin: number;
  readonly first: number;
  readonly step: number;
  readonly points: number;
  readonly rounds: number;
}

/** A stretch of the lattice and the distance of knots on it, in steps. */
interface Stretch {
  readonly to: number;
  readonly stride: number;
}

/**
 * Ascending lattice points, relative to `first`, that cover `points` of them from the first to the last. A cell of width w that
 * carries the share m of the mass tilted by θ adds m·w² to the variance, so the fewest cells for one variance have w³
 * in inverse proportion to the density. Where δ hangs on a single loss among many rounds, a cell there moves it by w² as
 * the steps of all rounds together do by rounds·step²: none is wider than √rounds steps.
 */
export function chooseKnots(survey: Survey, theta: number, lattice: Lattice): Int32Array {
  const { points } = lattice;
  if (points < 256) return Int32Array.from({ length: points }, (_, i) => i);
  const stretches = stretchesOf(survey, theta, lattice);
  const knots: number[] = [];
  let at = 0;
  for (const { to, stride } of stretches) {
    const end = Math.min(to, points - 1);
    for (; at < end && knots.length < MAX_KNOTS; at = Math.min(at + stride, end)) knots.push(at);
  }
  for (; at < points - 1; at += Math.max(1, points >> 16)) knots.push(at);
  knots.push(points - 1);
  return Int32Array.from(knots);
}

function stretchesOf(survey: Survey, theta: number, { origin, first, step, points, rounds }: Lattice): Stretch[] {
  const { losses, logMasses } = survey;
  const n = losses.length;
  const total = cumulant(survey, theta).value;
  const tilted = Float64Array.from(losses, (loss, i) => exp(Math.min(theta * loss + logMasses[i] - total, 0)));
  // Mass for each unit of length, the most of a stretch and its neighbours.
  const density = new Float64Array(n);
  for (let i = 0; i + 1 < n; i++)
    density[i] = (tilted[i] + tilted[i + 1]) / Math.max(losses[i + 1] - losses[i], 1e-300);
  const smooth = density.map((d, i) => Math.max(d, density[i - 1] ?? 0, density[i + 1] ?? 0));
  // Of a stretch the stride is the cube root of a scale over its density: a power of two, at most some part of all.
  const shares = smooth.map((d, i) => (i + 1 < n ? d * (losses[i + 1] - losses[i]) : 0));
  const densities = smooth.map((d) => ln(d) / Math.LN2);
  const most = floorLog2(Math.min(points / 64, Math.sqrt(rounds)));
  let low = -600;
  let high = 600;
  while (high - low > 0.7) {
    const scale = 0.5 * (low + high);
    let added = 0;
    for (let i = 0; i < n; i++) {
      const power = strideLog2(scale, densities[i], most);
      if (power > 0) added += shares[i] * POWERS_OF_FOUR[power];
    }
    if (added <= SHARE) low = scale;
    else high = scale;
  }
  const index = (loss: number): number => Math.floor((loss - origin) / step) - first;
  return Array.from(densities, (density, i) => ({
    to: i + 1 < n ? Math.min(Math.max(index(losses[i + 1]), 0), points) : points,
    stride: 2 ** strideLog2(low, density, most),
  }));
}

function strideLog2(scale: number, density: number, most: number): number {
  const power = Math.floor((scale - density) / 3);
  return power > most ? most : power > 0 ? power : 0;
}
