/**
 * What the way back computes again, since keeping it of every block would take more memory than the work is worth.
 *
 * @module
 */
import type { DecoderShape } from '../model/shape.ts';

/** What is computed again, to the same bits. */
export interface Again {
  /** What attention's softmax gave. */
  readonly shares: boolean;
  /** What went into trained products behind a norm. */
  readonly norms: boolean;
}

/** Values of one kind that all blocks together may keep: 4 MiB. */
const KEPT = 1 << 20;

/**
 * What a pass computes again.
 *
 * @param blocks - Blocks that keep activations of their own.
 */
export function computedAgain(blocks: number, { heads, width }: DecoderShape, batch: number, positions: number): Again {
  return {
    shares: blocks * batch * heads * positions * positions > KEPT,
    norms: blocks * batch * positions * width > KEPT,
  };
}
