// What the soak's server, its clients and its judge agree on: every client's update is a function of its name and the round.
import { type ClientId, fedAvg, plainUpdates, secureRng, seededRng } from '@fedkit/core';
import type { RoundTask } from '@fedkit/core/protocol';
import type { RoundRecord } from '@fedkit/core/round';

export const SIZE = 2000;
export const pipeline = plainUpdates({ algorithm: fedAvg(), size: SIZE });
export const initial: Float32Array = Float32Array.from({ length: SIZE }, (_, i) => i / SIZE);
export const rounds = {
  cohort: 8,
  minimum: 4,
  population: 12,
  retryAfter: 50,
  deadlines: { recruiting: 500, reporting: 3000 },
} as const;

/** Magnitudes differ, so that an order that mattered would show. */
function contributionOf(client: ClientId, round: number) {
  const rng = seededRng(`${client} ${round}`);
  const update = Float32Array.from({ length: SIZE }, () => (rng.uniform() - 0.5) * 2 ** (rng.below(20) - 10));
  return { values: { update }, weight: 1 + rng.below(100) };
}

export function reportOf(client: ClientId, task: RoundTask): Uint8Array {
  const half = pipeline.client();
  if (half.sends !== 'report') throw new Error('a pipeline of reports');
  return half.encode(task, contributionOf(client, task.round), { rng: secureRng(), client }).bytes;
}

/** The model that follows from the records: what their contributors sent, folded anew. */
export function recomputed(records: readonly RoundRecord[]): Float32Array {
  const algorithm = fedAvg();
  const rule = algorithm.aggregator(SIZE);
  let state = algorithm.init(initial);
  for (const { round, outcome, contributors } of records) {
    if (outcome !== 'published') continue;
    const sum = rule.create();
    for (const client of contributors) rule.accumulate(sum, { client, ...contributionOf(client, round) });
    const info = { round, cohort: contributors.length, population: contributors.length };
    state = algorithm.serverStep(state, rule.finalize(sum), info);
    rule.dispose(sum);
  }
  return algorithm.params(state);
}
