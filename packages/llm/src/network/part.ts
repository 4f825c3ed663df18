/**
 * The part of a model that one machine computes: all of it, unless the model was cut.
 *
 * @module
 */
import type { DecoderShape } from '../model/shape.ts';

/** Blocks [from, to), with what stands in front of the first block and behind the last. */
export interface Part {
  readonly from: number;
  readonly to: number;
  /** Tokens come in, through the embedding; otherwise states do. */
  readonly embeds: boolean;
  /** The last norm, the head and the loss are here; otherwise states go out. */
  readonly heads: boolean;
  /** The gradient of the states that come in is wanted. */
  readonly inputGradient: boolean;
}

/** All of a model. */
export function wholePart({ layers }: DecoderShape): Part {
  return { from: 0, to: layers, embeds: true, heads: true, inputGradient: false };
}

/** Whether blocks that others compute lie between this part's last block and its head. */
export function hasGap({ layers }: DecoderShape, { to, heads }: Part): boolean {
  return heads && to < layers;
}

/** Whether a part holds the tensor of this name. */
export function partHolds(shape: DecoderShape, part: Part, name: string): boolean {
  const layer = /(?:^|\.)layers\.(\d+)\./.exec(name);
  if (layer) return Number(layer[1]) >= part.from && Number(layer[1]) < part.to;
  if (/^(model\.norm|lm_head)\./.test(name)) return part.heads;
  // What is left stands in front of the blocks: embeddings and virtual tokens. A tied embedding is the head too.
  return part.embeds || (part.heads && shape.tiedEmbeddings && name === 'model.embed_tokens.weight');
}
