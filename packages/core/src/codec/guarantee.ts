/**
 * How close a codec stays to what it encodes: a contraction, a variance, or an absolute error within a range.
 *
 * @module
 */

/**
 * E‖x − Ĉ(x)‖² ≤ (1 − δ)·‖x‖² + d·error²: what memory of the loss needs, as of error feedback and of client states that follow
 * what was counted. Stich, Cordonnier, Jaggi, NeurIPS 2018, definition 2.1.
 */
export interface Contraction {
  readonly kind: 'contraction';
  /** δ for vectors of `size` values, at most 1; at a size where it is 0 or less nothing is guaranteed. */
  delta(size: number): number;
  /** Root mean square a coordinate, in the values' unit, of an error that does not shrink with them; default 0. */
  readonly error?: number;
  /** Whether it holds for every encoding, rather than in expectation over rotation, support and rounding. */
  readonly pathwise: boolean;
}

/**
 * Unbiased, E‖Ĉ(x) − x‖² ≤ ω·‖x‖² + d·error²: n clients average to ω/n without memory. Where ω ≥ 1 an encoding may be further
 * from x than 0 is, and memory of it explodes.
 */
export interface Variance {
  readonly kind: 'variance';
  /** ω for vectors of `size` values, ≥ 0. */
  omega(size: number): number;
  /** As of {@link Contraction}. */
  readonly error?: number;
}

/** Within ± range an absolute error: rings and grids that all clients share. */
export interface Bounded {
  readonly kind: 'bounded';
  /** Root mean square a coordinate, in the values' unit, at most. */
  readonly error: number;
  /** Of the coordinates that are encoded: after the rotation, where there is one. What is beyond is clipped, or wraps. */
  readonly range: number;
}

/** What a codec promises of every vector, as a function of its size. */
export type Guarantee = Contraction | Variance | Bounded;

/** A guarantee under which memory of what was lost stays bounded. */
export type Settling = Contraction | Bounded;

/** Whatever states a guarantee: `Codec & Guaranteed<Settling>` is what error feedback takes. */
export interface Guaranteed<G extends Guarantee = Guarantee> {
  readonly guarantee: G;
}

/** Ĉ(x) = x. */
export const EXACT: Contraction = { kind: 'contraction', delta: () => 1, pathwise: true };

/**
 * Why memory of what this codec loses would grow without bound, or `undefined` where it does not: for messages of refusals.
 *
 * @param size - Of the vectors to be encoded.
 */
export function unsettled(
  codec: { readonly guarantee?: Guarantee; readonly kind: string },
  size: number,
): string | undefined {
  const { guarantee, kind } = codec;
  switch (guarantee?.kind) {
    case 'bounded':
      return undefined;
    case 'contraction': {
      const delta = guarantee.delta(size);
      return delta > 0 ? undefined : `${kind}, which contracts nothing of ${size} values`;
    }
    case 'variance': {
      // Below 1 it contracts by itself: E‖x − Ĉ(x)‖² ≤ ω·‖x‖².
      const omega = guarantee.omega(size);
      return omega < 1 ? undefined : `${kind}, unbiased of variance ${Number(omega.toPrecision(3))}`;
    }
    default:
      return `${kind}, which states no guarantee`;
  }
}
