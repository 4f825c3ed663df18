/**
 * What our own codecs are made of. A codec of yours needs none of it to work in `rotated`, `pipe`, `errorFeedback` and the
 * pipelines: any `Codec` of `@fedkit/core/codec` that keeps `codecLaws` does. A stage shares our envelope, and is a few lines.
 *
 * @module
 */
export { asQuantizer } from './quantize/quantizer.ts';
export { emitChunks } from './quantize/chunks.ts';
export { readFields, writeFields } from './linear/fields.ts';
export { type Select, sparsifier } from './sparse/sparse-stage.ts';
export { createCodec, createLinearCodec, stageOf } from './stage/codec.ts';
export { maximumMagnitude } from './stage/magnitude.ts';
export { readNested, writeNested } from './stage/nested.ts';
export {
  checkedSeed,
  Decoding,
  Encoding,
  type LinearStage,
  seedFingerprint,
  sharedSeed,
  type Stage,
} from './stage/stage.ts';
export { BitReader } from './wire/bit-reader.ts';
export { BitWriter } from './wire/bit-writer.ts';
export { ByteReader, corrupt } from './wire/byte-reader.ts';
export { ByteWriter } from './wire/byte-writer.ts';
