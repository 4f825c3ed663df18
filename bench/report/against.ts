// Figures of another commit and of this tree, by turns in one run.
import { checkout, ROOT } from '../shared/checkout.ts';
import { median, table } from '../shared/measure.ts';
import type { Row } from './rows.ts';
import { keepingRecords, type Ran, run } from './run.ts';

/** Runs each row `turns` times in both trees and prints the medians beside each other. Records stay as they were. */
export function against(commit: string, rows: readonly Row[], turns: number): void {
  const earlier = checkout(commit);
  try {
    for (const row of rows) {
      const runs: { readonly before: Ran[]; readonly now: Ran[] } = { before: [], now: [] };
      for (let turn = 0; turn < turns; turn++) {
        // Whoever goes first in one turn goes second in the next.
        const both = [
          () => runs.before.push(keepingRecords(row, earlier.root, () => run(row, earlier.root))),
          () => runs.now.push(keepingRecords(row, ROOT, () => run(row))),
        ];
        for (const one of turn % 2 === 0 ? both : both.reverse()) one();
      }
      console.log(`\n${row.name}, medians of ${turns}\n${side(runs.before, runs.now, commit)}`);
    }
  } finally {
    earlier.remove();
  }
}

function side(before: readonly Ran[], now: readonly Ran[], commit: string): string {
  const middle = (runs: readonly Ran[], key: string) => median(runs.map(({ figures }) => figures[key]));
  const lines = Object.keys(now[0].figures).map((key) => {
    const [then, today] = [middle(before, key), middle(now, key)];
    return [key, then.toPrecision(4), today.toPrecision(4), (today / then).toPrecision(3)];
  });
  return table(['figure', commit, 'now', 'ratio'], lines);
}
