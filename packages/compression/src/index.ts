export {
  bandwidthPolicy,
  type BandwidthPolicy,
  type BandwidthPolicyOptions,
  type BandwidthState,
} from './budget/bandwidth-policy.ts';
export {
  type BudgetEncoding,
  type BudgetFamily,
  edenFamily,
  encodeToBudget,
  randomKFamily,
} from './budget/encode-to-budget.ts';
export { clientSeed } from './client-seed.ts';
export { decode, visit } from './decode.ts';
export { eden, type EdenOptions } from './eden/eden.ts';
export type { EdenScale } from './eden/quantizers.ts';
export {
  applyCatchUp,
  downlink,
  type Downlink,
  type DownlinkOptions,
  type Published,
  restoreDownlink,
} from './feedback/downlink.ts';
export { contraction } from './feedback/contraction.ts';
export {
  errorFeedback,
  type ErrorFeedback,
  type ErrorFeedbackOptions,
  type PendingUpdate,
  restoreErrorFeedback,
} from './feedback/error-feedback.ts';
export { feedbackCodec } from './feedback/feedback-codec.ts';
export { commonRange, type CommonRangeOptions } from './linear/grid.ts';
export { nextSpread, wrapped, type WrappedOptions } from './linear/wrapped.ts';
export { measure, type Measurement } from './measure.ts';
export { decodeNpz, type DecodeNpzOptions, encodeNpz } from './npz/npz.ts';
export { codebook } from './quantize/codebook.ts';
export { dithered } from './quantize/dithered.ts';
export { float16 } from './quantize/float16.ts';
export { float32 } from './quantize/float32.ts';
export { natural } from './quantize/natural.ts';
export { qsgd } from './quantize/qsgd.ts';
export type { Quantizer, Sparsifier } from './quantize/quantizer.ts';
export { scaledSign, signSgd } from './quantize/sign.ts';
export { ternary } from './quantize/ternary.ts';
export { uniform } from './quantize/uniform.ts';
export { powerSgd, type PowerSgdOptions, type PowerSgdState } from './low-rank/power-sgd.ts';
export { countSketch, type CountSketch, type SketchOptions } from './sketch/count-sketch.ts';
export { fetchSgd, type FetchSgdOptions, type FetchSgdState } from './sketch/fetch-sgd.ts';
export { rotated } from './rotation/rotated.ts';
export { cosine, type CosineOptions } from './transform/cosine.ts';
export { rotation } from './rotation/rotation.ts';
export { walshHadamard } from './rotation/walsh-hadamard.ts';
export { pipe } from './sparse/pipe.ts';
export { publicPlaces, type PublicPlacesOptions, type PublicPlacesState } from './sparse/public-places.ts';
export { randomK, type SharedSparsifier } from './sparse/random-k.ts';
export { chunkedTopK, sparseLoCo, stc, threshold, topK } from './sparse/top-k.ts';
export { MAXIMUM_SIZE, MAXIMUM_UNEXPECTED_SIZE, type StagedCodec, type StagedLinearCodec } from './stage/codec.ts';
