// docs/engines.md, of results.json and the files as they are.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './choose.mjs';

export const RESULTS = join(root, 'scripts/test-files/results.json');
export const PAGE = join(root, 'docs/engines.md');

export const readResults = () => JSON.parse(readFileSync(RESULTS, 'utf8'));

function row(cells, widths) {
  return `| ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join(' | ')} |`;
}

function table(head, rows) {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((cells) => cells[i].length)));
  const rule = `| ${widths.map((width, i) => (i === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  return [row(head, widths), rule, ...rows.map((cells) => row(cells, widths))].join('\n');
}

/** The page, as Markdown. */
export function engineTable({ free, apart, pageless, engines }) {
  const rows = Object.values(engines).map(({ engine, files, passedFiles, tests, skipped }) => [
    engine.replace('/', ' '),
    `${passedFiles} of ${files}`,
    `${tests}`,
    `${skipped}`,
  ]);
  const failures = Object.values(engines).flatMap(({ engine, failures: failed }) =>
    failed.map(
      (name) => `- ${engine.replace('/', ' ')}: \`${name.split(': ')[0]}\`, ${name.slice(name.indexOf(': ') + 2)}`,
    ),
  );
  const reasons = (files) =>
    Object.entries(files)
      .map(([file, reason]) => `- \`${file}\` ${reason}.`)
      .join('\n');
  return `# The packages’ own tests on every engine

\`npx -y pnpm@12.21.0 run engines --all\` bundles the packages’ test files by esbuild, from their sources, and runs the same modules on each engine by the
runner and the assertions of vitest itself. It writes this page, and goes on where it was stopped. Every run of \`engines\` without \`--all\` draws a tenth of the files by the commit.

Of the packages’ test files ${free} name no module of Node, directly or by what they import; ${free - Object.keys(apart).length} of them run everywhere.

${table(['engine', 'files that pass', 'tests', 'skipped'], rows)}

${failures.length > 0 ? `What fails:\n\n${failures.join('\n')}\n\n` : ''}The others run on Node alone:

${reasons(apart)}

In a page, where each file has one of its own, all of these run but for:

${reasons(pageless)}

[The same bytes on every engine](../README.md#the-same-bytes-on-every-engine) has digests, rounds of secure aggregation and whole federations, on
Firefox, WebKit and Hermes too.
`;
}
