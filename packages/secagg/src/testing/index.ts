export { type TestingIdentities, testingIdentities } from './identities.ts';
export { testingRng } from './rng.ts';
export {
  type DropStage,
  type RecordedMessage,
  type RunRoundOptions,
  type RunRoundResult,
  acceptingPolicy,
  runRound,
} from './run-round.ts';
