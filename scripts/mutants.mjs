// Breaks the source in one place at a time and looks whether a test notices:
//   mutants [--package core,llm] [--count 40] [--seed 1] [--minutes 20] [--for 60] [--record FILE]
// The packages take turns. Each mutant meets the tests beside its file; those that pass them then meet every test of the package that
// imports the file. One that passes both has survived, and is printed. In the end the files of tests that failed run on the sound
// source: what one that fails there too has found is `unclear`. A mutant with which a file of tests runs over --minutes counts as
// found, and is counted apart.
// --for stops after so many minutes; with --record, a file of JSON lines, the same command goes on from there.
import { execFileSync, spawn } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));
const ts = createRequire(join(root, 'docs/package.json'))('typescript');
const { values } = parseArgs({
  options: {
    package: { type: 'string', default: 'core,compression,privacy,secagg' },
    count: { type: 'string', default: '40' },
    seed: { type: 'string', default: '1' },
    minutes: { type: 'string', default: '20' },
    for: { type: 'string', default: 'Infinity' },
    record: { type: 'string' },
  },
});
const SWAPS = '< <=, <= <, > >=, >= >, === !==, !== ===, && ||, || &&, + -, - +, * +, % *, ?? &&, >>> >>, += -=';
const swaps = new Map(SWAPS.split(', ').map((pair) => pair.split(' ')));

/** What can be broken in a file: [from, to, with what]. */
function placesIn(text) {
  const places = [];
  const visit = (node) => {
    const [from, to] = [node.getStart(), node.getEnd()];
    const at = (child, by) => places.push([child.getStart(), child.getEnd(), by]);
    if (ts.isTypeNode(node) || ts.isStringLiteral(node)) return;
    if (ts.isNumericLiteral(node) && node.parent.name === node) return;
    if (ts.isBinaryExpression(node)) {
      const by = swaps.get(node.operatorToken.getText());
      if (by !== undefined) at(node.operatorToken, ` ${by} `);
    } else if (ts.isNumericLiteral(node)) places.push([from, to, `(${node.getText()} + 1)`]);
    else if (ts.isIfStatement(node)) at(node.expression, `!(${node.expression.getText()})`);
    else if (node.kind === ts.SyntaxKind.TrueKeyword) places.push([from, to, 'false']);
    else if (node.kind === ts.SyntaxKind.FalseKeyword) places.push([from, to, 'true']);
    else if (ts.isExpressionStatement(node)) places.push([from, to, ';']);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile('a.ts', text, ts.ScriptTarget.Latest, true));
  return places;
}

/** mulberry32: the same mutants for the same seed and source. */
let state = Number(values.seed);
function below(n) {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), state | 1);
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
  return ((t ^ (t >>> 14)) >>> 0) % n;
}

let end = () => {};
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
process.once('exit', () => end());

/** Runs tests, and says how they failed: in which files, in which test, why. */
async function failureOf(mutant, words) {
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const options = ['--run', '--config', 'vitest.workspace.ts', '--passWithNoTests'];
  const command = [vitest, ...words, ...options, '--reporter', join(root, 'scripts/test/failures.ts')];
  const env = { ...process.env, FEDKIT_MUTANT: JSON.stringify(mutant ?? {}) };
  const child = spawn(process.execPath, command, {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
  });
  // The workers of one that never ends, end with the group; what they started may still hold its output.
  end = () => {
    process.kill(-child.pid, 'SIGKILL');
    child.stdout.destroy();
  };
  const timer = setTimeout(end, 60_000 * Number(values.minutes));
  const running = new Set();
  const failed = [];
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (!line.startsWith('failures: ')) return;
    const { begins, ends, ...failure } = JSON.parse(line.slice('failures: '.length));
    timer.refresh();
    if (begins !== undefined) running.add(begins);
    else if (ends !== undefined) running.delete(ends);
    else failed.push(failure);
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  clearTimeout(timer);
  end = () => {};
  if (code === 0) return undefined;
  const files = failed.length === 0 ? [...running] : failed.map(({ file }) => file);
  return {
    how: code === null ? 'endless' : 'killed',
    files: [...new Set(files)].map((file) => relative(root, file)),
    test: failed[0]?.test,
    why: failed[0]?.why.split('\n', 1)[0].slice(0, 200),
  };
}

const packages = values.package.split(',');

/** Places of a package that no mutant of this run has taken. */
function placesOf(name) {
  const listed = execFileSync('git', ['ls-files', `packages/${name}/src`], { cwd: root, encoding: 'utf8' }).split('\n');
  const files = listed.filter((file) => file.endsWith('.ts') && !/(\.test|\.wasm|index)\.ts$/.test(file));
  return files.flatMap((file) => placesIn(readFileSync(join(root, file), 'utf8')).map((place) => [file, ...place]));
}
const places = new Map(packages.map((name) => [name, placesOf(name)]));

const record = values.record !== undefined && existsSync(values.record) ? readFileSync(values.record, 'utf8') : '';
/** What is known of mutants, and of files of tests; a run that goes on begins with it. `near` passed the tests beside its file. */
const known = new Map(
  record
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
    .filter(({ how }) => how !== 'broken')
    .map((row) => [row.what, row]),
);
function note(row) {
  known.set(row.what, row);
  if (values.record !== undefined) appendFileSync(values.record, `${JSON.stringify(row)}\n`);
}

/** The test of its file, or those of its folder. */
function nearest({ file }) {
  const own = file.replace(/\.ts$/, '.test.ts');
  return ['run', existsSync(join(root, own)) ? own : `${dirname(file)}/`];
}

const start = Date.now();
const late = () => Date.now() - start > 60_000 * Number(values.for);
const chosen = [];
for (let i = 0; i < Number(values.count); i++) {
  const name = packages[i % packages.length];
  const left = places.get(name);
  if (left.length === 0) continue;
  const [[file, from, to, by]] = left.splice(below(left.length), 1);
  const text = readFileSync(join(root, file), 'utf8');
  const above = text.slice(0, from).split('\n');
  const what = `${file}:${above.length}:${above.at(-1).length + 1}  ${text.slice(from, to).replaceAll(/\s+/g, ' ')}  →  ${by.trim()}`;
  chosen.push({ name, what, mutant: { file, from, to, by } });
}

/** Every mutant meets these tests, of which the next ones see only those that pass. */
async function meet(testsOf, passed) {
  for (const [i, { name, what, mutant }] of chosen.entries()) {
    const before = known.get(what)?.how;
    if (before !== undefined && (before !== 'near' || passed === 'near')) continue;
    if (late()) return;
    const failure = await failureOf(mutant, [...testsOf(mutant), '--project', name, '--bail', '1']);
    const row = { name, what, ...(failure ?? { how: passed }) };
    note(row);
    console.log(`${i + 1} of ${chosen.length}  ${row.how.padEnd(8)}  ${what}`);
  }
}
await meet(nearest, 'near');
await meet(({ file }) => ['related', file], 'SURVIVED');

const done = chosen.map(({ what }) => known.get(what)).filter((row) => row !== undefined && row.how !== 'near');

// Tests that fail already would find everything.
const soundness = (file) => `${file}, on the sound source`;
for (const name of packages) {
  const own = done.filter((row) => row.name === name).flatMap((row) => row.files ?? []);
  const files = [...new Set(own)].filter((file) => !known.has(soundness(file)));
  if (files.length === 0) continue;
  const broken = (await failureOf(undefined, ['run', ...files, '--project', name]))?.files ?? [];
  for (const file of files) note({ what: soundness(file), how: broken.includes(file) ? 'broken' : 'passes' });
}
const proves = (file) => known.get(soundness(file))?.how === 'passes';
const rows = done.map((row) =>
  row.how === 'SURVIVED' || (row.files.length > 0 && row.files.every(proves)) ? row : { ...row, how: 'unclear' },
);

console.log(`\n| package | mutants | found | of them by time | survived | unclear |\n|---|---:|---:|---:|---:|---:|`);
for (const name of packages) {
  const own = rows.filter((row) => row.name === name);
  const count = (how) => own.filter((row) => row.how === how).length;
  const [killed, endless, survived, unclear] = ['killed', 'endless', 'SURVIVED', 'unclear'].map(count);
  console.log(`| ${name} | ${own.length} | ${killed + endless} | ${endless} | ${survived} | ${unclear} |`);
}
console.log(`\nseed ${values.seed}, ${rows.length} of ${values.count} mutants; survivors, and what is unclear:`);
for (const { how, what } of rows) if (how === 'SURVIVED' || how === 'unclear') console.log(what);
