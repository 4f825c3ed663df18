/**
 * The server and the round behind it: a pure state machine.
 *
 * @module
 */
export { type RoundMachine, roundMachine } from './machine.ts';
export type { RoundDeadlines, RoundOptions } from './round-options.ts';
export type { RoundRecord } from './record.ts';
export type { Answer, CurrentRound, Exclusion, Member, RoundEffect, RoundEvent, RoundState } from './state.ts';
export { federatedServer } from './server.ts';
export type {
  AsynchronousServerOptions,
  FederatedServer,
  FederatedServerOptions,
  ServerEvent,
  ServerLimits,
  ServerProgress,
  ServerSettings,
} from './server-options.ts';
export { migrateStore } from './migrate.ts';
export { backupStore, restoreStore, type StoreReport, verifyStore } from './store-care.ts';
