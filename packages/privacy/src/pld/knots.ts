/**
 * Where a pair is evaluated: at every lattice point where its mass is, and more sparsely where little is.
 *
 * @module
 */
import { cumulant, type Survey } from './survey.ts';

/** By how much sparse places may add to the variance that a step everywhere would leave. */
const SHARE = 0.25;
const MAX_KNOTS = 1 << 22;

/** A stretch of the lattice and the distance of knots on it, in steps. */
interface Stretch {
  readonly to: number;
  readonly stride: number;
}

/**
 * Ascending lattice points, relative to `first`, that cover `points` of them from the first to the last. A cell of width w that
 * carries the share m of the mass tilted by θ adds m·w² to the variance, so the fewest cells for one variance have w³
 * in inverse proportion to the density.
 */
export function chooseKnots(
  survey: Survey,
  theta: number,
  lattice: { readonly origin: number; readonly first: number; readonly step: number; readonly points: number },
): Int32Array {
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

function stretchesOf(
  survey: Survey,
  theta: number,
  { origin, first, step, points }: { origin: number; first: number; step: number; points: number },
): Stretch[] {
  const { losses, logMasses } = survey;
  const n = losses.length;
  const total = cumulant(survey, theta).value;
  const tilted = Float64Array.from(losses, (loss, i) => Math.exp(Math.min(theta * loss + logMasses[i] - total, 0)));
  // Mass for each unit of length, the most of a stretch and its neighbours.
  const density = new Float64Array(n);
  for (let i = 0; i + 1 < n; i++)
    density[i] = (tilted[i] + tilted[i + 1]) / Math.max(losses[i + 1] - losses[i], 1e-300);
  const smooth = density.map((d, i) => Math.max(d, density[i - 1] ?? 0, density[i + 1] ?? 0));
  const strides = (scale: number): number[] =>
    Array.from(smooth, (d) => 2 ** Math.floor(Math.log2(Math.min(Math.max(Math.cbrt(scale / d), 1), points / 64))));
  const added = (list: readonly number[]): number =>
    list.reduce((sum, stride, i) => {
      if (stride === 1 || i + 1 >= n) return sum;
      return sum + smooth[i] * (losses[i + 1] - losses[i]) * stride * stride;
    }, 0);
  let low = -400;
  let high = 400;
  while (high - low > 0.5) {
    const middle = 0.5 * (low + high);
    if (added(strides(Math.exp(middle))) <= SHARE) low = middle;
    else high = middle;
  }
  const chosen = strides(Math.exp(low));
  const index = (loss: number): number => Math.floor((loss - origin) / step) - first;
  return chosen.map((stride, i) => ({
    to: i + 1 < n ? Math.min(Math.max(index(losses[i + 1]), 0), points) : points,
    stride,
  }));
}
