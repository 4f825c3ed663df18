/**
 * Which coordinates of a tile get how many bits at a real rate.
 *
 * @module
 */
import { LLOYD_MAX, type LloydMax } from './quantizers.ts';

/** A run of coordinates that share a quantizer. */
export interface Segment {
  readonly start: number;
  readonly count: number;
  readonly quantizer: LloydMax;
}

/** Below one bit a coordinate, at least this many are sent, so that the scale is never a quotient of two accidents. */
const FEWEST = 16;

/**
 * The tile's first coordinates take ⌈bits⌉, the others ⌊bits⌋; below one bit the first round(bits · n) take one and the
 * others nothing. The rotation makes coordinates exchangeable, so a fixed choice serves as well as EDEN's random one,
 * meets the rate exactly and draws nothing.
 */
export function segmentsOf(n: number, bits: number): readonly Segment[] {
  if (bits < 1)
    return [{ start: 0, count: Math.min(n, Math.max(FEWEST, Math.round(bits * n))), quantizer: LLOYD_MAX[0] }];
  const low = Math.floor(bits);
  const upper = Math.round((bits - low) * n);
  const segments: Segment[] = [];
  if (upper > 0) segments.push({ start: 0, count: upper, quantizer: LLOYD_MAX[low] });
  if (upper < n) segments.push({ start: upper, count: n - upper, quantizer: LLOYD_MAX[low - 1] });
  return segments;
}

/** The bytes of a segment. */
export function bytesOf(segment: Segment): number {
  return Math.ceil((segment.count * segment.quantizer.bits) / 8);
}
