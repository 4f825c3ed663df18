/**
 * The envelope: a stage becomes a `Codec`. Magic byte, version, size, then the stage.
 *
 * @module
 */
import type { Codec, CodecContext, Linearity, LinearCodec, Sink, SumContext } from '@fedkit/core/codec';
import { FedkitError, isFedkitError } from '@fedkit/core';
import { checkBytes, checkFinite, checkInteger, isFiniteVector, refuse } from '@fedkit/core/internal';
import { ByteReader, corrupt } from '../wire/byte-reader.ts';
import { ByteWriter } from '../wire/byte-writer.ts';
import { foreignStage } from './foreign.ts';
import { finiteMagnitude } from './magnitude.ts';
import { readNested, writeNested } from './nested.ts';
import { Decoding, Encoding, type LinearStage, type Stage } from './stage.ts';

const MAGIC = 0xfc;
const VERSION = 1;
/** The most values an update may have. */
export const MAXIMUM_SIZE = 0x7fffffff;
/** The most values that bytes may declare while the caller gives no `expectedSize`: 256 MiB of float32. */
export const MAXIMUM_UNEXPECTED_SIZE: number = 1 << 26;

/** Magnitudes below this, and above its inverse, decode to finite values whatever the codec. */
const SAFE = 2 ** 64;

/** A codec of this package. Nested, it costs one byte. */
export interface StagedCodec<L extends Linearity = Linearity> extends Codec<L> {
  /** @internal */
  readonly stage: Stage;
}

/** A linear codec of this package: secure aggregation can sum it. */
export interface StagedLinearCodec extends LinearCodec {
  /** @internal */
  readonly stage: LinearStage;
}

/** A codec made of one stage, which writes its own header: how every codec of this package is made. */
export function createCodec<L extends Linearity, S extends Stage>(
  stage: S & { readonly linearity: L },
): StagedCodec<L> & Pick<S, 'guarantee'> {
  const codec: StagedCodec<L> = {
    kind: stage.kind,
    linearity: stage.linearity,
    unbiased: stage.unbiased,
    ...(stage.guarantee !== undefined && { guarantee: stage.guarantee }),
    stage,
    encode: (values, context) => encodeWith(stage, values, context),
    decode: (bytes, context = {}) => decodeWith(stage, bytes, new Decoding(context)),
    visit: (bytes, sink, context = {}) => visitWith(stage, bytes, new Decoding(context), () => sink),
  };
  // The stage's own guarantee is in it, of the stage's own type.
  return codec as StagedCodec<L> & Pick<S, 'guarantee'>;
}

/** As {@link createCodec}, for a stage whose encodings are integers that add up: fit for secure aggregation. */
export function createLinearCodec<S extends LinearStage>(stage: S): StagedLinearCodec & Pick<S, 'guarantee'> {
  return {
    ...createCodec(stage),
    stage,
    bits: stage.bits,
    bound: stage.bound,
    ...(stage.meanSquaredError !== undefined && { meanSquaredError: stage.meanSquaredError }),
    ...(stage.deviations !== undefined && { deviations: stage.deviations }),
    strain: (values, context, contributors) =>
      stage.strain(checkFinite('strain: values', values), new Encoding(context), contributors),
    encodeIntegers: (values, context) =>
      stage.integers(checkFinite('encodeIntegers: values', values), new Encoding(context)),
    contributed: (values, integers, context) =>
      stage.contributed(checkFinite('contributed: values', values), integers, new Encoding(context)),
    decodeSum: (sum, options) => decodeSum(stage, sum, options),
  };
}

/** The stage of a codec: of this package its own, of any other one that carries the codec's bytes. */
export function stageOf(where: string, codec: Codec): Stage {
  const { stage, guarantee, encode, visit } = (codec ?? {}) as Partial<StagedCodec>;
  // What a sparsifier is sure to keep stands beside its stage, which reads any support.
  if (stage !== undefined) return stage.guarantee || !guarantee ? stage : { ...stage, guarantee };
  if (typeof encode !== 'function' || typeof visit !== 'function') refuse('INVALID_ARGUMENT', where, 'a codec', codec);
  return foreignStage(codec);
}

/** The linear stage of a codec that secure aggregation can sum, or `undefined`. */
export function linearStage(stage: Stage): LinearStage | undefined {
  return stage.linearity === 'linear' && 'integers' in stage ? (stage as LinearStage) : undefined;
}

function encodeWith(stage: Stage, values: Float32Array, context: CodecContext): Uint8Array {
  const encoding = new Encoding(context);
  const largest = (stage.magnitude ?? finiteMagnitude)('encode: values', values, encoding);
  const out = new ByteWriter();
  out.byte(MAGIC);
  out.byte(VERSION);
  out.varint(values.length);
  writeNested(out, stage, values, encoding);
  const bytes = out.finish();
  if (largest > SAFE || (largest > 0 && largest < 1 / SAFE))
    checkDecodes(stage, bytes, values.length, context, largest);
  return bytes;
}

/**
 * Refuses what the decoder would refuse: a value near float32's ends that scaling, rotation or rounding takes beyond them. Called
 * where that can be: no stage and no four of them together make a value 2^64 times as large.
 */
function checkDecodes(
  stage: Stage,
  bytes: Uint8Array,
  expectedSize: number,
  context: CodecContext,
  largest: number,
): void {
  try {
    visitWith(stage, bytes, new Decoding({ ...context, expectedSize }), () => ({ dense() {}, sparse() {} }));
  } catch (cause) {
    if (!isFedkitError(cause, 'DECODE_FAILED')) throw cause;
    const expected = `values that ${stage.kind} can decode: these leave the range of float32`;
    throw new FedkitError('OUT_OF_RANGE', `encode: values: expected ${expected}, got magnitudes of ${largest}`, {
      cause,
    });
  }
}

/** Reads a whole message; `prepare` is given the size once it is known to be allowed. */
export function visitWith(
  stage: Stage | undefined,
  bytes: Uint8Array,
  decoding: Decoding,
  prepare: (size: number) => Sink,
): void {
  const input = new ByteReader(checkBytes('decode: bytes', bytes));
  const magic = input.byte();
  if (magic !== MAGIC) corrupt(`the magic byte ${MAGIC}`, magic);
  const version = input.byte();
  if (version !== VERSION) corrupt(`version ${VERSION}`, version);
  const size = input.varint(MAXIMUM_SIZE, 'a size');
  const { expectedSize } = decoding.context;
  if (expectedSize === undefined) {
    if (size > MAXIMUM_UNEXPECTED_SIZE) corrupt(`at most ${MAXIMUM_UNEXPECTED_SIZE} values without expectedSize`, size);
  } else if (size !== checkInteger('decode: context.expectedSize', expectedSize, 0, MAXIMUM_SIZE)) {
    corrupt(`${expectedSize} values`, size);
  }
  readNested(input, stage, size, prepare(size), decoding);
  input.end();
}

export function decodeWith(stage: Stage | undefined, bytes: Uint8Array, decoding: Decoding): Float32Array {
  let values = new Float32Array(0);
  visitWith(stage, bytes, decoding, (size) => {
    values = new Float32Array(size);
    return collector(values);
  });
  return values;
}

/** A sink that writes into `values`, whose places start at zero. */
function collector(values: Float32Array): Sink {
  return {
    dense: (offset, chunk) => values.set(chunk, offset),
    sparse: (indices, chunk) => {
      for (let i = 0; i < indices.length; i++) values[indices[i]] = chunk[i];
    },
  };
}

function decodeSum(stage: LinearStage, sum: Int32Array | Float64Array, options: SumContext): Float32Array {
  const { context } = options;
  checkInteger('decodeSum: contributors', options.contributors, 1);
  const size = context.expectedSize ?? context.layout?.size;
  if (size === undefined) {
    refuse('INVALID_ARGUMENT', 'decodeSum: context', 'expectedSize or layout, the number of values', undefined);
  }
  checkInteger('decodeSum: context.expectedSize', size, 0, MAXIMUM_SIZE);
  if (!(sum instanceof Int32Array || sum instanceof Float64Array)) {
    refuse('INVALID_ARGUMENT', 'decodeSum: sum', 'an Int32Array or Float64Array', sum);
  }
  const count = stage.integerCount(size);
  if (sum.length !== count) refuse('SHAPE_MISMATCH', 'decodeSum: sum', `${count} integers`, sum.length);
  for (const value of sum) {
    if (!Number.isSafeInteger(value)) refuse('OUT_OF_RANGE', 'decodeSum: sum', 'safe integers', value);
  }
  const values = stage.sum(sum, size, options, new Decoding(context));
  if (!isFiniteVector(values)) refuse('OVERFLOW', 'decodeSum: sum', 'sums within float32', 'larger ones');
  return values;
}
