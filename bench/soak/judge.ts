// The exact check: every acknowledged report is in the record of its round, once, and the model is what follows from what was sent.
import type { RoundRecord } from '@fedkit/core/round';
import { recomputed } from './federation.ts';

/** What a client was told, and what it sent. */
export interface Witness {
  readonly name: string;
  /** Tickets by round. */
  readonly acknowledged: ReadonlyMap<number, number>;
  readonly sent: ReadonlySet<number>;
}

/** What is wrong, in words; and how many acknowledgements were held against the records. */
export function judge(
  records: readonly RoundRecord[],
  witnesses: readonly Witness[],
  params: Float32Array,
): { readonly problems: readonly string[]; readonly acknowledged: number } {
  const problems: string[] = [];
  const byRound = new Map(records.map((record) => [record.round, record]));
  if (byRound.size !== records.length) problems.push('a round has two records');
  const last = records[records.length - 1]?.round ?? 0;
  let acknowledged = 0;
  for (const { name, acknowledged: told, sent } of witnesses) {
    for (const round of told.keys()) {
      // The round that is under way has its reports in the log.
      if (round > last) continue;
      acknowledged++;
      const times = byRound.get(round)?.contributors.filter((one) => one === name).length ?? 0;
      if (times !== 1) problems.push(`${name}: acknowledged in round ${round}, and ${times} times in its record`);
    }
    for (const { round, contributors } of records) {
      if (contributors.includes(name) && !sent.has(round)) problems.push(`${name}: in round ${round}, and never sent`);
    }
  }
  if (acknowledged === 0) problems.push('nothing was acknowledged');
  const expected = recomputed(records);
  if (!expected.every((value, i) => Object.is(value, params[i]))) {
    problems.push('the model is not what follows from the records');
  }
  return { problems, acknowledged };
}
