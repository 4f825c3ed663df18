// Every figure that a page quotes: run again, written down, compared.
// pnpm bench report [--peers] [--only ROW]…    rows that this commit has not, one after the other; goes on where it was stopped.
//                                              --peers installs NumPy, dp-accounting and Opacus outside the tree, or takes PYTHON's
// pnpm bench report --against COMMIT [--only ROW]… [--turns 3]   both builds by turns; records nothing
// pnpm bench report --quote                    writes the figures of bench/results into the pages
// pnpm bench report --check                    what pages quote otherwise, numbers with a unit that have no key, rows that took too long
// pnpm bench report --list                     the rows, and when each was run
import { parseArgs } from 'node:util';
import { ROOT } from '../shared/checkout.ts';
import { against } from './against.ts';
import { claims } from './claims/index.ts';
import { latest, remember } from './history.ts';
import { writeReport } from './page.ts';
import { differences, quote, withoutKey } from './pages.ts';
import { withPeers } from './peers.ts';
import { named, rows } from './rows.ts';
import { commitOf, run } from './run.ts';
import { tooLong } from './seconds.ts';
import { statements } from './statements.ts';

const { values } = parseArgs({
  options: {
    peers: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true, default: [] },
    against: { type: 'string' },
    turns: { type: 'string', default: '3' },
    quote: { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
  },
});

const chosen = named(values.only);
if (values.list) {
  const last = latest();
  for (const { name } of rows) {
    const ran = last.get(name);
    console.log(`${name}: ${ran === undefined ? 'never' : `${ran.commit}, ${ran.date}, ${ran.seconds} s`}`);
  }
} else if (values.check) {
  const faults = [...differences(claims), ...withoutKey(claims, statements), ...tooLong(rows, latest())];
  for (const fault of faults) console.log(fault);
  if (faults.length > 0) process.exitCode = 1;
} else if (values.quote) {
  for (const page of quote(claims)) console.log(`${page} quotes anew`);
  writeReport();
} else if (values.against !== undefined) {
  against(values.against, chosen, Number(values.turns));
} else {
  const commit = commitOf(ROOT);
  const last = latest();
  // A row that is named is wanted again; one without a name only if this commit has not run it.
  const left = chosen.filter(({ name }) => values.only.length > 0 || last.get(name)?.commit !== commit);
  const possible = left.filter(({ peer }) => peer === undefined || values.peers);
  for (const { name } of left.filter((row) => !possible.includes(row))) console.log(`${name}: only with --peers`);
  const runAll = (): void => {
    for (const [i, row] of possible.entries()) {
      console.log(`\n== ${i + 1} of ${possible.length}: ${row.name}`);
      remember(run(row));
    }
  };
  if (values.peers) withPeers(runAll);
  else runAll();
  writeReport();
}
