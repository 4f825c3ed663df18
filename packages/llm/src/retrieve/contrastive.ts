/**
 * The contrastive loss: a query's own passage against all others of the batch.
 *
 * Henderson et al., "Efficient Natural Language Response Suggestion for Smart Reply", 2017, §4.4 (multiple negatives),
 * https://arxiv.org/abs/1705.00652; Reimers and Gurevych 2019, https://arxiv.org/abs/1908.10084, with cosines times a scale. Per
 * query i of B, over passages j that are not masked:
 *
 *     s_ij = scale · cos(q_i, p_j)      L = −(1/B) Σ_i log( e^s_ii / Σ_j e^s_ij )
 *
 * @module
 */
import { exp, log } from '@fedkit/core/math';

/** What is compared; all vectors of one width, not normalized. */
export interface ContrastiveBatch {
  /** [B] */
  readonly queries: readonly Float32Array[];
  /** [B + more]: the first B are the queries' own; what follows are negatives. */
  readonly passages: readonly Float32Array[];
  /** More negatives of every query, which do not move: vectors of length 1. Absent: none. */
  readonly still?: readonly (readonly Float32Array[])[];
  /** Whether passage j is no negative of query i ≠ j. */
  readonly masked: (i: number, j: number) => boolean;
  /** > 0; sentence-transformers has 20. */
  readonly scale: number;
}

/** Mean loss of a query in nats, and its gradients. */
export interface ContrastiveLoss {
  readonly loss: number;
  readonly queries: readonly Float32Array[];
  readonly passages: readonly Float32Array[];
}

/** O(B · passages · width). */
export function contrastiveLoss({ queries, passages, still, masked, scale }: ContrastiveBatch): ContrastiveLoss {
  const [q, p] = [queries.map(normalized), passages.map(normalized)];
  const dq = q.map(({ direction }) => new Float64Array(direction.length));
  const dp = p.map(({ direction }) => new Float64Array(direction.length));
  let loss = 0;
  q.forEach(({ direction }, i) => {
    const others = [...p.keys()].filter((j) => j === i || !masked(i, j));
    const fixed = (still?.[i] ?? []).map((vector) => Float64Array.from(vector));
    const scores = [...others.map((j) => p[j].direction), ...fixed].map((other) => scale * product(direction, other));
    const own = others.indexOf(i);
    const highest = scores.reduce((most, score) => Math.max(most, score), Number.NEGATIVE_INFINITY);
    const shares = scores.map((score) => exp(score - highest));
    const total = shares.reduce((sum, share) => sum + share, 0);
    loss += (log(total) + highest - scores[own]) / q.length;
    shares.forEach((share, place) => {
      const slope = (scale * (share / total - (place === own ? 1 : 0))) / q.length;
      if (place >= others.length) addTimes(dq[i], fixed[place - others.length], slope);
      else {
        addTimes(dq[i], p[others[place]].direction, slope);
        addTimes(dp[others[place]], direction, slope);
      }
    });
  });
  return { loss, queries: q.map((own, i) => through(own, dq[i])), passages: p.map((own, j) => through(own, dp[j])) };
}

interface Normalized {
  readonly direction: Float64Array;
  readonly length: number;
}

function normalized(vector: Float32Array): Normalized {
  const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  return { length, direction: Float64Array.from(vector, (value) => (length === 0 ? 0 : value / length)) };
}

/** The gradient in front of a normalization: what is along the direction changes nothing. */
function through({ direction, length }: Normalized, gradient: Float64Array): Float32Array {
  const along = product(direction, gradient);
  return Float32Array.from(gradient, (value, d) => (length === 0 ? 0 : (value - along * direction[d]) / length));
}

function product(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let d = 0; d < a.length; d++) sum += a[d] * b[d];
  return sum;
}

function addTimes(to: Float64Array, from: Float64Array, factor: number): void {
  for (let d = 0; d < to.length; d++) to[d] += factor * from[d];
}
