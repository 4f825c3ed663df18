/**
 * What the sibling packages share and applications do not need: argument checks, digests, UTF-8, turns of the event loop, clocks,
 * bodies of HTTP messages within bounds.
 *
 * @module
 */
export { checkAborted, onAbort } from './abort.ts';
export { ByteReader, ByteWriter, sameBytes } from './bytes.ts';
export {
  checkBytes,
  checkInteger,
  checkNumber,
  checkOptions,
  checkPositive,
  checkVector,
  describe,
  type OptionNames,
  refuse,
} from './check.ts';
export { checkClientId, MAXIMUM_CLIENT_ID_BYTES } from './client-id.ts';
export { checkFinite, isFiniteVector } from './finite.ts';
export { fromHex, toHex } from './from-hex.ts';
export { freeBuffer, WORTH_FREEING } from './free-buffer.ts';
export { bfloat16ToFloat32, float16ToFloat32, float32ToBfloat16, float32ToFloat16 } from './model/half.ts';
export { type FileTensor, modelFile } from './model/model-file.ts';
export { readHeader as readSafetensorsHeader } from './model/safetensors-header.ts';
export { readValues } from './model/tensor-values.ts';
export { heard } from './heard.ts';
export { SerialQueue } from './serial-queue.ts';
export { checkCreates } from './store/memory-store.ts';
export { plainBytes } from './plain-bytes.ts';
export { plainHmac } from './plain-hmac.ts';
export { PlainSha256, plainSha256 } from './plain-sha256.ts';
export { secureBytes } from './random.ts';
export { bigintToNumber } from './math/bigint.ts';
export { sha256Hex } from './sha256-hex.ts';
export { contentLength, readBody } from './transport/fetch/body.ts';
export { handlerOf, type Reply } from './transport/fetch/replies.ts';
export { sleep, systemClock } from './protocol/clock.ts';
export { digestOf as sha256Bytes } from './sha256.ts';
export { turn } from './turn.ts';
export { isWellFormed, utf8Decode, utf8Encode } from './utf8.ts';
