/**
 * What a pipeline asks of secure aggregation.
 *
 * @module
 */
export type {
  ClientPersist,
  ClientSwap,
  Blame,
  Persist,
  ProvenInputs,
  Sealer,
  SecureAggregation,
  SecureClient,
  SecureClientKeeping,
  SecureInput,
  SecureProgress,
  SecureRound,
  SecureServer,
  SecureSums,
  SecureTerms,
  SecureVector,
} from './contract.ts';
