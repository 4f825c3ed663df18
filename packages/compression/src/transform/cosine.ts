/**
 * Any codec on the cosine transform of chunks: DeMo's.
 *
 * Bowen Peng, Jeffrey Quesnelle, Diederik P. Kingma, "DeMo: Decoupled Momentum Optimization", 2024, algorithm 1 and §3,
 * https://arxiv.org/abs/2411.19870: fast components of the momentum are those of the largest coefficients of its DCT-II in chunks.
 *
 *     y_k = a_k·√(2/m)·Σ_j x_j·cos(π·(2j + 1)·k/(2m)),   a_0 = √½, else 1;   x = its transpose times y
 *
 * Orthonormal, so that norms, and with them guarantees, are the codec's own. Unlike a rotation it needs no seed and gathers what is
 * smooth along the vector into few coefficients, where a rotation spreads everything.
 *
 * @module
 */
import type { Codec, Sink } from '@fedkit/core/codec';
import { checkOptions, type OptionNames, checkInteger, refuse } from '@fedkit/core/internal';
import { cos } from '@fedkit/core/math';
import { createCodec, type StagedCodec, stageOf } from '../stage/codec.ts';
import { maximumMagnitude } from '../stage/magnitude.ts';
import { readNested, writeNested } from '../stage/nested.ts';
import type { Stage } from '../stage/stage.ts';
import { corrupt } from '../wire/byte-reader.ts';

/** Beyond this magnitude a coefficient could leave float32's range. */
const MAX_TRANSFORMED = 2 ** 100;
const LONGEST = 256;

/** Options of {@link cosine}. */
export interface CosineOptions {
  /** m, values in a chunk, 2 to 256, the last one maybe fewer; default 64, as the paper's. */
  readonly chunk?: number;
}

/**
 * The codec, any, on the cosine transform. `cosine(chunkedTopK({ keep: 4, chunk: 64 }))` keeps the four largest coefficients of every
 * chunk; behind `errorFeedback(…, { decay: β })` it is how DeMo sends its momentum, which keeps what was not sent. DeMo's step by the sign of the
 * sum, and its squares of 64 × 64 in matrices, are not part of it: chunks run along the flat vector.
 *
 * `encode` refuses magnitudes above 2^100 (`OUT_OF_RANGE`). O(d·m) time.
 */
export function cosine<C extends Codec>(
  codec: C,
  options: CosineOptions = {},
): StagedCodec<'perClient'> & Pick<C, 'guarantee'> {
  checkOptions('cosine', options, { chunk: true } satisfies OptionNames<typeof options>);
  const chunk = checkInteger('cosine: chunk', options.chunk ?? 64, 2, LONGEST);
  const stage = cosineStage(chunk, stageOf('cosine: codec', codec));
  return createCodec({ ...stage, linearity: 'perClient' }) as StagedCodec<'perClient'> & Pick<C, 'guarantee'>;
}

/** @param inner - `undefined` to decode whatever the bytes name. */
export function cosineStage(chunk: number, inner: Stage | undefined): Stage {
  return {
    id: 35,
    kind: `cosine(${inner?.kind ?? '…'})`,
    linearity: 'perClient',
    unbiased: inner?.unbiased ?? false,
    ...(inner?.guarantee && { guarantee: inner.guarantee }),

    write(out, values, encoding) {
      if (inner === undefined) refuse('INVALID_ARGUMENT', 'cosine: codec', 'a codec of this package', inner);
      if (maximumMagnitude(values) > MAX_TRANSFORMED) {
        refuse('OUT_OF_RANGE', 'cosine: values', 'magnitudes up to 2^100', 'a larger one');
      }
      out.byte(chunk - 1);
      const coefficients = new Float32Array(values.length);
      for (let start = 0; start < values.length; start += chunk) {
        const part = values.subarray(start, start + chunk);
        apply(part, coefficients.subarray(start, start + part.length), false);
      }
      writeNested(out, inner, coefficients, encoding);
    },

    read(input, size, sink, decoding) {
      const length = input.byte() + 1;
      if (length < 2) corrupt('chunks of 2 to 256 values', length);
      const back = new CosineSink(size, length, sink);
      readNested(input, inner, size, back, decoding);
      back.finish();
    },
  };
}

/** Collects coefficients chunk by chunk and hands each chunk on once it is full, transformed back. */
class CosineSink implements Sink {
  readonly #size: number;
  readonly #sink: Sink;
  readonly #chunk: Float32Array;
  readonly #values: Float32Array;
  #start = 0;

  constructor(size: number, length: number, sink: Sink) {
    this.#size = size;
    this.#sink = sink;
    this.#chunk = new Float32Array(Math.min(length, Math.max(1, size)));
    this.#values = new Float32Array(this.#chunk.length);
  }

  dense(offset: number, values: Float32Array): void {
    for (let at = 0; at < values.length; ) {
      const place = this.#reach(offset + at);
      const count = Math.min(values.length - at, this.#chunk.length - place);
      this.#chunk.set(values.subarray(at, at + count), place);
      at += count;
    }
  }

  sparse(indices: Uint32Array, values: Float32Array): void {
    for (let i = 0; i < indices.length; i++) this.#chunk[this.#reach(indices[i])] = values[i];
  }

  finish(): void {
    while (this.#start < this.#size) this.#flush();
  }

  /** The place within its chunk, with all chunks before it handed on. */
  #reach(place: number): number {
    while (place >= this.#start + this.#chunk.length) this.#flush();
    return place - this.#start;
  }

  #flush(): void {
    const length = Math.min(this.#chunk.length, this.#size - this.#start);
    const part = this.#chunk.subarray(0, length);
    const largest = maximumMagnitude(part);
    if (!(largest <= MAX_TRANSFORMED * 128)) corrupt('coefficients up to 2^107', largest);
    const values = this.#values.subarray(0, length);
    if (largest === 0) values.fill(0);
    else apply(part, values, true);
    this.#sink.dense(this.#start, values);
    this.#start += length;
    this.#chunk.fill(0);
  }
}

const matrices = new Map<number, Float64Array>();

/** Row k holds the weights of y_k, shape [m · m]. */
function matrixOf(m: number): Float64Array {
  const known = matrices.get(m);
  if (known) return known;
  const matrix = new Float64Array(m * m);
  for (let k = 0; k < m; k++) {
    const scale = Math.sqrt((k === 0 ? 1 : 2) / m);
    for (let j = 0; j < m; j++) matrix[k * m + j] = scale * cos((Math.PI * ((2 * j + 1) * k)) / (2 * m));
  }
  matrices.set(m, matrix);
  return matrix;
}

function apply(from: Float32Array, into: Float32Array, transposed: boolean): void {
  const m = from.length;
  const matrix = matrixOf(m);
  const [across, along] = transposed ? [1, m] : [m, 1];
  for (let k = 0; k < m; k++) {
    let sum = 0;
    for (let j = 0; j < m; j++) sum += matrix[k * across + j * along] * from[j];
    into[k] = sum;
  }
}
