// Audits DP-FedAvg as it ships: canaries are users who send one long coordinate, among users who train.
import { type Examples, fedAvg, type PlainModel, plainTrainer, type SecureRng, seededRng } from '@fedkit/core';
import { auditOneRun, event, gaussianMechanism, pldAccountant, privateMean } from '@fedkit/privacy';
import { type Canaries, splitScores } from './canaries.ts';
import { type Audited, CANARY_LENGTH } from './example-level.ts';

/** One run to audit. */
export interface UserLevelRun {
  readonly model: PlainModel;
  readonly users: readonly Examples[];
  readonly canaries: Canaries;
  readonly clip: number;
  readonly noiseStd: number;
  readonly rounds: number;
  readonly learningRate: number;
  readonly delta: number;
  readonly rng: SecureRng;
  /** What is really done, where it is not what is claimed. */
  readonly broken?: { readonly clip?: number; readonly noiseStd?: number };
}

/** Every user takes part in every round, so that the claim is of composition alone. */
export async function auditUserLevel(run: UserLevelRun): Promise<Audited> {
  const { model, users, canaries, clip, noiseStd, rounds, learningRate, delta, rng, broken } = run;
  const size = model.layout.size;
  const options = { placement: 'central', size, expectedWeight: users.length } as const;
  const mechanism = gaussianMechanism({
    ...options,
    clip: broken?.clip ?? clip,
    noiseStd: broken?.noiseStd ?? noiseStd,
  });
  const algorithm = fedAvg({ aggregate: () => privateMean(mechanism, rng) });
  const aggregator = algorithm.aggregator(size);
  const trainers = users.map((examples) => plainTrainer(model, examples));
  const start = model.init(seededRng('audit'));
  let state = algorithm.init(start);
  const update = new Float32Array(size);
  for (let round = 1; round <= rounds; round++) {
    const accumulator = aggregator.create();
    const broadcast = algorithm.broadcast(state);
    for (const [user, trainer] of trainers.entries()) {
      const local = { epochs: 1, batchSize: 10, learningRate, rng: seededRng(`user ${user} ${round}`) };
      const { contribution } = await algorithm.clientRound({ broadcast, trainer, options: local });
      aggregator.accumulate(accumulator, contribution);
    }
    canaries.parameters.forEach((parameter, i) => {
      if (canaries.present[i] === 0) return;
      update[parameter] = CANARY_LENGTH * clip;
      aggregator.accumulate(accumulator, { values: { update } });
      update[parameter] = 0;
    });
    const info = { round, cohort: users.length, population: users.length };
    state = algorithm.serverStep(state, aggregator.finalize(accumulator), info);
  }
  const params = algorithm.params(state);
  const claim = gaussianMechanism({ ...options, clip, noiseStd });
  const claimed = pldAccountant({ neighboring: 'add-or-remove' }).compose(event.selfComposed(claim.event, rounds));
  const scores = splitScores(canaries, (parameter) => params[parameter] - start[parameter]);
  return { claimedEpsilon: claimed.epsilon(delta), report: auditOneRun({ ...scores, delta, claim: claimed }), params };
}
