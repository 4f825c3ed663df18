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

/** Of models of one size: seconds of a core. */
export interface PieceCosts {
  readonly parameters: number;
  /** A fold without a report, and what each report adds. */
  readonly fold: number;
  readonly report: number;
  /** A merge without a part, and what each part adds. */
  readonly merge: number;
  readonly part: number;
}

/** What was measured of single pieces. */
export interface Costs {
  /** Of at least two sizes, the smallest first. */
  readonly pieces: readonly PieceCosts[];
  /** Seconds of a core: a task of nothing through the queue, both sides. */
  readonly overhead: number;
  /** From handing a job in to hearing of its end, beside its tasks: seconds on the wall. */
  readonly round: number;
}

/** Pieces of a size between those that were measured, or beyond them: on the line through two neighbours. */
export function piecesAt(pieces: Costs['pieces'], parameters: number): PieceCosts {
  const above = pieces.findIndex((one) => one.parameters >= parameters);
  const upper = above < 0 ? pieces.length - 1 : Math.max(1, above);
  const [a, b] = [pieces[upper - 1], pieces[upper]];
  const share = (parameters - a.parameters) / (b.parameters - a.parameters);
  const at = (name: keyof PieceCosts): number => Math.max(0, a[name] + share * (b[name] - a[name]));
  return { parameters, fold: at('fold'), report: at('report'), merge: at('merge'), part: at('part') };
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
  const piece = piecesAt(costs.pieces, parameters);
  const fold = makespan({ tasks: shards, work: piece.fold + piece.report * (reports / shards) }, crew);
  let merge = 0;
  const fanIn = Math.max(2, folding.fanIn ?? shards);
  let parts = shards;
  do {
    const next = Math.ceil(parts / fanIn);
    const work = piece.merge + piece.part * Math.min(parts, fanIn);
    merge += makespan({ tasks: next, work }, crew);
    parts = next;
  } while (parts > 1);
  return { fold, merge, total: costs.round + fold + merge };
}
