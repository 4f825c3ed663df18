/**
 * A sparse update: its support, then the values there through a stage of their own.
 *
 * @module
 */
import type { CodecContext, Contraction, Guarantee, Guaranteed, Sink } from '@fedkit/core/codec';
import { checkVector, isFiniteVector } from '@fedkit/core/internal';
import { FLOAT32 } from '../quantize/float32.ts';
import type { Sparsifier } from '../quantize/quantizer.ts';
import { createCodec } from '../stage/codec.ts';
import { finiteMagnitude, maximumMagnitude } from '../stage/magnitude.ts';
import { readNested, writeNested } from '../stage/nested.ts';
import type { Encoding, Stage } from '../stage/stage.ts';
import { readSupport, writeSupport } from './support.ts';

/** Picks places, ascending. */
export type Select = (values: Float32Array, context: CodecContext) => Uint32Array;

/** How much a choice of places is sure to keep. */
export interface Keeps {
  /** Places of `size` at most. */
  places(size: number): number;
  /** Of the energy ‖x‖², at least this share, where `count` of the places hold no zero: all of them, or fewer. */
  share(size: number, count: number): number;
}

/**
 * What is left of a guarantee on the values kept: ‖x − x_K‖² + (1 − δ)·‖x_K‖² at most. None where what codes them has an
 * absolute error, which says nothing of places that hold little.
 *
 * Zeros among the places are not coded, and what codes fewer values may err more: every power of two below all of the places is asked
 * too, between which codecs of this package promise no less than at the nearer end.
 */
export function selected(keeps: Keeps, inner: Guarantee | undefined): Contraction | undefined {
  if (inner === undefined || inner.kind === 'bounded') return undefined;
  const own = (k: number) => (inner.kind === 'contraction' ? inner.delta(k) : 1 - inner.omega(k));
  const left = (size: number, count: number) => {
    const delta = own(count);
    // What contracts nothing is at its worst where all is kept.
    return delta > 0 ? delta * keeps.share(size, count) : delta;
  };
  return {
    kind: 'contraction',
    delta(size) {
      const places = keeps.places(size);
      let least = left(size, places);
      for (let count = 1; count < places; count *= 2) least = Math.min(least, left(size, count));
      return least;
    },
    ...(inner.error !== undefined && { error: inner.error }),
    pathwise: inner.kind === 'contraction' && inner.pathwise,
  };
}

/**
 * @param inner - What codes the values; `undefined` to decode whatever the bytes name.
 * @param largest - Whether the largest magnitude is always among the places: NaN and infinity are larger than any other.
 */
export function sparseStage(
  select: Select,
  inner: Stage | undefined,
  largest = false,
): Stage & { readonly linearity: 'perClient' } {
  return {
    id: 32,
    kind: `sparse(${inner?.kind ?? '…'})`,
    linearity: 'perClient',
    unbiased: false,

    ...(largest && {
      magnitude(where: string, values: Float32Array, encoding: Encoding) {
        encoding.places = select(checkVector(where, values), encoding.context);
        const kept = gather(values, encoding.places);
        return isFiniteVector(kept) ? maximumMagnitude(kept) : finiteMagnitude(where, values);
      },
    }),

    write(out, values, encoding) {
      const places = nonzero(encoding.places ?? select(values, encoding.context), values);
      encoding.places = undefined;
      writeSupport(out, places, values.length);
      writeNested(out, inner ?? FLOAT32, gather(values, places), encoding);
    },

    read(input, size, sink, decoding) {
      const places = readSupport(input, size);
      if (places === undefined) readNested(input, inner, size, sink, decoding);
      else readNested(input, inner, places.length, scatter(places, sink), decoding);
    },
  };
}

/**
 * A sparsifier that sends its values exactly until `pipe` gives it a quantizer.
 *
 * @param keeps - Of a choice that has the largest magnitude in it.
 */
export function sparsifier(select: Select, keeps: Keeps): Sparsifier & Guaranteed<Contraction>;
export function sparsifier(select: Select): Sparsifier;
export function sparsifier(select: Select, keeps?: Keeps): Sparsifier {
  const codec = createCodec(sparseStage(select, FLOAT32, keeps !== undefined));
  const guarantee = keeps && selected(keeps, FLOAT32.guarantee);
  return { ...codec, role: 'sparsifier', support: select, ...(keeps && { keeps }), ...(guarantee && { guarantee }) };
}

/** Zeros among the selected need no place: decoding gives them anyway. */
function nonzero(places: Uint32Array, values: Float32Array): Uint32Array {
  for (let i = 0; i < places.length; i++) {
    if (values[places[i]] === 0) return places.filter((place) => values[place] !== 0);
  }
  return places;
}

export function gather(values: Float32Array, places: Uint32Array): Float32Array {
  const gathered = new Float32Array(places.length);
  for (let i = 0; i < places.length; i++) gathered[i] = values[places[i]];
  return gathered;
}

/** A sink for the values at `places`, which are known to ascend. */
export function scatter(places: Uint32Array, sink: Sink): Sink {
  return {
    dense: (offset, values) => sink.sparse(places.subarray(offset, offset + values.length), values),
    sparse: (indices, values) =>
      sink.sparse(
        indices.map((index) => places[index]),
        values,
      ),
  };
}
