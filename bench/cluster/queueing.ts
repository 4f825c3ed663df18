/**
 * Queueing: how long tasks take that workers take from one queue, on cores that they share. Events one after the other, nothing random.
 *
 * @module
 */

/** Tasks of one kind, handed in at once. */
export interface Batch {
  readonly tasks: number;
  /** Seconds of a core that one takes. */
  readonly work: number;
}

/** Who does them. */
export interface Crew {
  readonly workers: number;
  /** Cores that all workers share: two that are busy at once on one core go half as fast. */
  readonly cores: number;
  /** Seconds of a core from a worker's asking for a task until it begins, and from its end until the queue knows. */
  readonly overhead: number;
}

/** Seconds until all tasks are done. First come, first served; cores are shared alike by those who are at work. */
export function makespan({ tasks, work }: Batch, { workers, cores, overhead }: Crew): number {
  const left: number[] = [];
  let waiting = tasks;
  let now = 0;
  while (waiting > 0 || left.length > 0) {
    while (left.length < workers && waiting > 0) {
      left.push(work + overhead);
      waiting--;
    }
    const speed = Math.min(1, cores / left.length);
    const next = Math.min(...left);
    now += next / speed;
    // All that end at this moment.
    for (let i = left.length - 1; i >= 0; i--) {
      left[i] -= next;
      if (left[i] <= 1e-12 * next) left.splice(i, 1);
    }
  }
  return now;
}

/** What was measured of single pieces: seconds of a core. */
export interface Costs {
  /** A fold: what it takes by itself, and for each value of each report. */
  readonly fold: number;
  readonly foldValue: number;
  /** A merge: for each value of each part. */
  readonly mergeValue: number;
  /** A task of nothing through the queue, both sides. */
  readonly overhead: number;
  /** From handing a job in to hearing of its end, beside its tasks: seconds on the wall. */
  readonly round: number;
}

/** A round's folding. */
export interface Folding {
  readonly reports: number;
  readonly parameters: number;
  readonly shard: number;
  readonly workers: number;
  readonly cores: number;
  /** Parts of a merge; default all of them at once. */
  readonly fanIn?: number;
}

/** Seconds from the job to the model's sum, of each step and of all. */
export function foldingTime(costs: Costs, folding: Folding): { fold: number; merge: number; total: number } {
  const { reports, parameters, shard, workers, cores } = folding;
  const crew = { workers, cores, overhead: costs.overhead };
  const shards = Math.ceil(reports / shard);
  const fold = makespan({ tasks: shards, work: costs.fold + costs.foldValue * parameters * (reports / shards) }, crew);
  let merge = 0;
  const fanIn = Math.max(2, folding.fanIn ?? shards);
  let parts = shards;
  do {
    const next = Math.ceil(parts / fanIn);
    const work = costs.fold + costs.mergeValue * parameters * Math.min(parts, fanIn);
    merge += makespan({ tasks: next, work }, crew);
    parts = next;
  } while (parts > 1);
  return { fold, merge, total: costs.round + fold + merge };
}
