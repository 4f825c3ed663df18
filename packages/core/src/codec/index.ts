export { accumulateEncoded, type EncodedContribution } from './accumulate-encoded.ts';
export type { Codec, CodecContext, DecodeContext, LinearCodec, Linearity, SumContext } from './contract.ts';
export type { Sink } from './sink.ts';
