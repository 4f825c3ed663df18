export type { WeightKind } from './kernels/kinds.ts';
export type { LanguageKernels } from './kernels/contract.ts';
export type { KernelOptions } from './kernels/options.ts';
export type { DecoderShape } from './model/shape.ts';
export type { FrozenTensor, LanguageBase } from './model/base.ts';
export type { Evaluation, LanguageModel, MemoryNeed } from './model/language-model.ts';
export { adapt, transformer, type TransformerOptions } from './model/transformer.ts';
export type { AdaptedBase, Adaptation, LinearChange } from './adapt/adaptation.ts';
export type { LinearName } from './model/tensors.ts';
export { full, type FullOptions } from './adapt/full.ts';
export { lora, type LoraOptions } from './adapt/lora.ts';
export { ia3, type Ia3Options } from './adapt/ia3.ts';
export { promptTuning, type PromptTuningOptions } from './adapt/prompt-tuning.ts';
export type { Target, TargetOptions } from './adapt/targets.ts';
export { joinWindows, type TokenText, tokenWindows, type WindowOptions, type Windows } from './train/windows.ts';
export {
  adamW,
  type AdamW,
  type AdamWOptions,
  cosineSchedule,
  linearWarmUp,
  type LocalOptimizer,
  type Schedule,
  type Sgd,
  sgd,
} from './train/optimizer.ts';
export {
  languageTrainer,
  type LanguageTrainer,
  type LanguageTrainerOptions,
  type LanguageTrainerState,
} from './train/trainer.ts';
export type { LocalProgress } from './train/trainer.ts';
export {
  joinHalves,
  type ModelHalf,
  type SplitForm,
  splitModel,
  type SplitModel,
  type SplitOptions,
} from './split/cut.ts';
export type { StateNoise } from './split/noise.ts';
export { leavingStates } from './split/states.ts';
export { type SplitServer, splitServer, type SplitServerOptions } from './split/server.ts';
export { type SplitStep, splitTrainer, type SplitTrainerOptions } from './split/trainer.ts';
export type { SplitCodecs } from './split/values.ts';
export { type Operations, trainingOperations } from './network/operations.ts';
export { gradualDensity, type GradualOptions } from './prune/gradual.ts';
export { magnitudeMask, type MaskOptions, MovementScores, prune } from './prune/mask.ts';
export { type PrunedModel, pruneStructure, type StructureOptions } from './prune/structured.ts';
export { factorize, type FactorizedModel, type FactorizeOptions } from './prune/factorize.ts';
export type { Teacher } from './distill/criterion.ts';
export { ensembleLogits, type EnsembleOptions, publicLogits } from './distill/ensemble.ts';
export { fedDf, type FedDfOptions, type Member } from './distill/fed-df.ts';
export { type MemberOptions, memberTrainer, type MemberTrainer, noConsensus } from './distill/fed-md.ts';
export { topLayersFirst } from './train/prefix.ts';
export { type Anchor, anchoredTrainer } from './personalize/anchored.ts';
export { diagonalFisher } from './personalize/fisher.ts';
export { type Interpolation, interpolate } from './personalize/interpolate.ts';
export { type TokenMemory, tokenMemory, type TokenMemoryOptions } from './personalize/token-memory.ts';
export { generate, type GenerateOptions } from './generate/generate.ts';
export type { SamplingOptions } from './generate/sampler.ts';
export { quantize } from './quantize/quantize.ts';
export { freeze, type FreezeOptions } from './quantize/freeze.ts';
export {
  blobSource,
  type ByteSource,
  bytesSource,
  fileSource,
  type ReadableFile,
  responseSource,
} from './source/byte-source.ts';
export type { LoadProgress } from './source/file-reader.ts';
export type { LoadOptions } from './load/options.ts';
export { type GgufModel, loadGguf } from './gguf/load.ts';
export type { GgufValue } from './gguf/header.ts';
export { loadSafetensors, type SafetensorsOptions } from './safetensors/load.ts';
export type { EncoderShape } from './encoder/shape.ts';
export { LanguageEncoder } from './encoder/encoder.ts';
export { loadEncoder } from './encoder/load.ts';
export { randomEncoder } from './encoder/random.ts';
export type { EncoderProduct } from './encoder/shape.ts';
export type { EncoderLoraOptions } from './encoder/adapter.ts';
export { adaptEncoder, type AdaptedEncoder } from './encoder/adapted.ts';
export { contrastiveTrainer, type ContrastiveTrainerOptions, type RetrievalPair } from './retrieve/trainer.ts';
export type { HardNegativeOptions } from './retrieve/hard-negatives.ts';
export {
  centroidsOf,
  federatedKMeans,
  type KMeansOptions,
  type KMeansState,
  type KMeansUpdate,
  vectorTrainer,
} from './retrieve/k-means.ts';
export { type Embedder, type Found, LocalIndex, type MoveOptions } from './retrieve/local-index.ts';
export {
  answerFrom,
  type AnswerOptions,
  type PassageAnswer,
  passagePrompt,
  type PassagePrompt,
  type PassageQuestion,
} from './retrieve/answer.ts';
export { fuseRankings, type LexicalIndex, lexicalIndex } from './retrieve/lexical-index.ts';
export { ranksOf, recallAt } from './retrieve/recall.ts';
export { chatMl, type ChatMessage } from './tokenizer/chat.ts';
export { type AdapterUpdate, adapterUpdate } from './aggregate/factors.ts';
export { mergeAdapter } from './aggregate/merge.ts';
export { type AggregatedAdapter, flora, type TruncationOptions, truncatedProduct } from './aggregate/products.ts';
export {
  flexLora,
  florist,
  type ProductAlgorithm,
  type ProductBroadcast,
  type ProductState,
  type ProductUpdate,
} from './aggregate/algorithms.ts';
export { lowerRankTrainer } from './aggregate/ranks.ts';
export { exportPeft, type PeftAdapter } from './peft/export.ts';
export { type ImportedAdapter, importPeft } from './peft/import.ts';
