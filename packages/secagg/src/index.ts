export {
  type Mode,
  type GraphKind,
  type RoundConfig,
  type RoundOptions,
  type VectorOptions,
  type VectorSpec,
  checkRoundConfig,
  roundConfig,
} from './config/round-config.ts';
export { secureAggregation, type SecureAggregationOptions } from './aggregation/secure-aggregation.ts';
export { codecVector } from './config/codec-vector.ts';
export { decodeRoundConfig, encodeRoundConfig, roundConfigDigest } from './config/encode-config.ts';
export {
  type Adversary,
  type GraphAssumptions,
  type GraphParameters,
  type Guarantee,
  checkGraph,
  graphParameters,
  leastInOneSum,
} from './graph/graph-parameters.ts';
export { type ProvenCohort, provenCohort } from './graph/proven-cohort.ts';
export { type ClientPolicy, checkPolicy } from './policy.ts';
export type { Directory } from './directory.ts';
export { type Identity } from './identity.ts';
export { publicKeyOf } from './public-key.ts';
export { type Cohort, CohortLedger, type CohortLedgerOptions } from './cohort-ledger.ts';
export { type InputVectors } from './client/input.ts';
export { type ClientStage } from './client/state.ts';
export { SecAggClient, type SecAggClientOptions } from './client/client.ts';
export { type ServerStage } from './server/round.ts';
export type { SecAggResult, SecAggServerOptions, ServerProgress } from './server/options.ts';
export { SecAggServer } from './server/server.ts';
export { type Evidence, verifyEvidence } from './server/evidence.ts';
export { type Suspects } from './server/unmask.ts';
export { type Verdict } from './server/blame.ts';
export { type ShareKind } from './share-encryption.ts';
export type { MaskExecutor, MaskTask } from './executor/mask-task.ts';
export { inlineExecutor } from './executor/inline.ts';
export { type CryptoProvider, type MaskSuite } from './crypto/provider.ts';
export { defaultProvider } from './crypto/default-provider.ts';
export { nodeProvider } from './crypto/node.ts';
export { webProvider } from './crypto/web.ts';
export { plainProvider } from './crypto/plain.ts';
