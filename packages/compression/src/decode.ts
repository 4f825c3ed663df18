/**
 * Decoding bytes of any codec of this version, as a server does that lets clients choose.
 *
 * @module
 */
import type { DecodeContext, Sink } from '@fedkit/core/codec';
import { edenStage } from './eden/eden.ts';
import { gridStage } from './linear/grid.ts';
import { wrappedStage } from './linear/wrapped.ts';
import { codebookStage } from './quantize/codebook.ts';
import { ditheredStage } from './quantize/dithered.ts';
import { FLOAT16 } from './quantize/float16.ts';
import { FLOAT32 } from './quantize/float32.ts';
import { NATURAL } from './quantize/natural.ts';
import { qsgdStage } from './quantize/qsgd.ts';
import { signStage } from './quantize/sign.ts';
import { TERNARY } from './quantize/ternary.ts';
import { uniformStage } from './quantize/uniform.ts';
import { rotatedStage } from './rotation/rotated.ts';
import { randomKStage } from './sparse/random-k.ts';
import { sparseStage } from './sparse/sparse-stage.ts';
import { cosineStage } from './transform/cosine.ts';
import { decodeWith, visitWith } from './stage/codec.ts';
import { Decoding, type Stage } from './stage/stage.ts';

/** Parameters come from the bytes, so any instance of a kind reads them all. */
function stages(): Map<number, Stage> {
  const all = [
    FLOAT32,
    FLOAT16,
    uniformStage(8),
    qsgdStage(4, 512),
    signStage(true),
    TERNARY,
    NATURAL,
    codebookStage(8),
    ditheredStage(1),
    edenStage(1, 'unbiased'),
    sparseStage(() => new Uint32Array(0), undefined),
    randomKStage(1, undefined),
    rotatedStage(undefined),
    cosineStage(64, undefined),
    gridStage(2, 1, 1, 1),
    wrappedStage(2, 1),
  ];
  return new Map(all.map((stage) => [stage.id, stage]));
}

let known: Map<number, Stage> | undefined;

function decodingOf(context: Partial<DecodeContext>): Decoding {
  const byId = (known ??= stages());
  return new Decoding(context, (id) => byId.get(id));
}

/** The dense vector of an update of any codec of this package; throws as `Codec.decode` does. */
export function decode(bytes: Uint8Array, context: Partial<DecodeContext> = {}): Float32Array {
  return decodeWith(undefined, bytes, decodingOf(context));
}

/** Hands an update of any codec of this package to `sink`; throws as `Codec.visit` does. */
export function visit(bytes: Uint8Array, sink: Sink, context: Partial<DecodeContext> = {}): void {
  visitWith(undefined, bytes, decodingOf(context), () => sink);
}
