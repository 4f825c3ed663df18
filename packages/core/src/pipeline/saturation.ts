/**
 * Whether a sum that nobody can take apart carries what its clients gave: a residue does not tell that it wrapped, nor an
 * integer that it was clipped.
 *
 * Clients count what of their own values might not have gone into the sum as it was, and the counts are summed beside it. The
 * sum itself tells how wide it is against the ring that was made for it: one that has wrapped all around has √3 · 6 / 3 = 3.46
 * spreads of a ring of six.
 *
 * @module
 */
import type { Strain } from '../codec/contract.ts';
import type { SecureVector } from '../secure/contract.ts';

/** What is known of a sum's fidelity, and whether it is too little to take the sum for exact. */
export interface SumSaturation {
  /** Encoded entries that clients clipped, of all slots. */
  readonly clippedEntries?: number;
  /** Clients so wide that a sum of such independent clients would not fit its ring; of several slots each counts. */
  readonly wideClients?: number;
  /** Clients wider than the whole sum was expected to be. */
  readonly overwideClients?: number;
  /** Root mean square of the widest slot's decoded sum over the spread its ring was made for. */
  readonly rmsOverSpread?: number;
  /**
   * True above any of the limits: one entry in 1,000 clipped, three clients in four wide, one overwide, 1.25 spreads. The sum is
   * then probably not what its clients gave, and `quantizationError` does not cover the difference.
   */
  readonly marked: boolean;
}

const MOST_CLIPPED = 1e-3;
/** Of independent clients whose sum fits with a quarter to spare, as `nextSpread` leaves, 64 in 100 at most can be wide. */
const MOST_WIDE = 0.75;
/** Gaussian coordinates of 1.25 spreads leave a ring of six with probability 1.6e-6 each. */
const MOST_SPREADS = 1.25;

/** The name of the counts' vector. */
export const STRAIN = 'strain';

/** Counts of one client, over slots of `entries` encoded entries in all. */
export function strainVector(slots: number, entries: number): SecureVector {
  return { length: 3, bound: Math.min(2 ** 31 - 1, Math.max(slots, entries)) };
}

/** What one client counted in its slots. */
export function strainInput(strains: readonly Strain[]): Int32Array {
  const total = (of: (strain: Strain) => number) => strains.reduce((sum, strain) => sum + of(strain), 0);
  return Int32Array.of(
    total(({ clipped }) => clipped),
    total(({ wide }) => wide),
    total(({ alone }) => alone),
  );
}

/** Root mean square of a sum's centered residues modulo 2^bits over that for which half the ring is `deviations` wide. */
export function rmsOverSpread(sum: Int32Array | Float64Array, bits: number, deviations: number): number {
  const ring = 2 ** bits;
  let squares = 0;
  for (let i = 0; i < sum.length; i++) {
    const residue = sum[i] - ring * Math.floor(sum[i] / ring + 0.5);
    squares += residue * residue;
  }
  return (Math.sqrt(squares / Math.max(1, sum.length)) * 2 * deviations) / ring;
}

/** Holds a sum against the limits. Nothing known is nothing said. */
export function saturationOf(
  known: {
    /** Sum of {@link strainInput}. */
    readonly counts?: ArrayLike<number> | undefined;
    readonly contributors: number;
    readonly slots: number;
    /** Encoded entries of one client. */
    readonly entries: number;
  },
  widths: readonly number[],
): SumSaturation | undefined {
  const { counts, contributors, slots, entries } = known;
  if (counts === undefined && widths.length === 0) return undefined;
  const [clippedEntries = 0, wideClients = 0, overwideClients = 0] = Array.from(counts ?? []);
  const widest = widths.length === 0 ? undefined : Math.max(...widths);
  return {
    ...(counts !== undefined && { clippedEntries, wideClients, overwideClients }),
    ...(widest !== undefined && { rmsOverSpread: widest }),
    marked:
      clippedEntries > MOST_CLIPPED * entries * contributors ||
      wideClients > MOST_WIDE * slots * contributors ||
      overwideClients > 0 ||
      !((widest ?? 0) <= MOST_SPREADS),
  };
}
