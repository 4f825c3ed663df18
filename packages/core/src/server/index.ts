/**
 * The server's step along the aggregate.
 *
 * @module
 */
export type { ServerOptimizer } from './contract.ts';
export { type ServerSgdOptions, type ServerSgdState, serverSgd } from './sgd.ts';
export type { AdaptiveOptions, AdaptiveState, OptimizerVariant } from './adaptive.ts';
export { type ServerAdamOptions, serverAdam } from './adam.ts';
export { type ServerYogiOptions, serverYogi } from './yogi.ts';
export { type ServerAdagradOptions, serverAdagrad } from './adagrad.ts';
export { serverMuon, type ServerMuonOptions, type ServerMuonState } from './muon.ts';
