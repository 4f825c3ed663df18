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
export {
  type ClientUnderTest,
  type MakeClient,
  Rehearsal,
  type RehearsalOptions,
  type Refusal,
  rehearsalConfig,
} from './rehearsal.ts';
export { type Release, type View, demandShares, recoverInput } from './recovery.ts';
export { type Attack, type AttackOutcome, describeOutcome } from './attacks/attack.ts';
export { splitView } from './attacks/survivors.ts';
export { foldsSeed } from './attacks/masks.ts';
export { type AttackResult, attackTable, attacks, runAttacks } from './attacks/table.ts';
export {
  COMPLETE_RULES,
  type CutOutcome,
  type CutPlan,
  type CutRound,
  type CutRules,
  EARLIER_RULES,
  EARLIER_SIGNED_RULES,
  playPlan,
  RING_RULES,
} from './cuts/model.ts';
export { CUT_FAMILIES, type Cut, type CutFamily, searchCuts } from './cuts/search.ts';
export { LyingServer } from './cuts/lying-server.ts';
export { opensSum } from './cuts/open-sum.ts';
export {
  CUT_ROWS,
  type CutPlacement,
  type CutResult,
  type CutRow,
  cutTable,
  roundOf,
  searchTable,
} from './cuts/table.ts';
