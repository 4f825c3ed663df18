export { accumulateEncoded, type EncodedContribution } from '../aggregate/accumulate-encoded.ts';
export type { Codec, CodecContext, DecodeContext, LinearCodec, Linearity, Strain, SumContext } from './contract.ts';
export {
  type Bounded,
  type Contraction,
  EXACT,
  type Guarantee,
  type Guaranteed,
  type Settling,
  unsettled,
  type Variance,
} from './guarantee.ts';
export type { Sink } from './sink.ts';
