// Breaks the source in one place at a time and looks whether a test notices:
//   mutants [--package core,llm] [--count 40] [--seed 1] [--minutes 20] [--for 60] [--record FILE]
// The packages take turns. A mutant meets the nearest test first, then every test that imports its file, then all of its package;
// one that passes them has survived, and is printed. A mutant that runs over --minutes counts as found, and is counted apart.
// --for stops after so many minutes; with --record, a file of JSON lines, the same command goes on from there.
import { execFileSync, spawn } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
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

async function killed(mutant, words) {
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const command = [
    vitest,
    ...words,
    '--run',
    '--config',
    'vitest.workspace.ts',
    '--bail',
    '1',
    '--passWithNoTests',
    '--reporter=dot',
  ];
  const env = { ...process.env, FEDKIT_MUTANT: JSON.stringify(mutant ?? {}) };
  const child = spawn(process.execPath, command, { cwd: root, env, stdio: 'ignore', detached: true });
  // The workers of one that never ends, end with the group.
  end = () => process.kill(-child.pid, 'SIGKILL');
  const timer = setTimeout(end, 60_000 * Number(values.minutes));
  const code = await new Promise((resolve) => child.once('exit', resolve));
  clearTimeout(timer);
  end = () => {};
  return code === 0 ? undefined : code === null ? 'endless' : 'killed';
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
/** What is known, by what was tried; a run that goes on begins with it. */
const known = new Map(
  record
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
    .map((row) => [row.what, row]),
);
function note(row) {
  known.set(row.what, row);
  if (values.record !== undefined) appendFileSync(values.record, `${JSON.stringify(row)}\n`);
}

/** Tests that fail already would kill everything. */
async function checkUnbroken(name) {
  const what = `${name}, unbroken`;
  if (known.has(what)) return;
  if (await killed(undefined, ['run', '--project', name]))
    throw new Error(`the tests of ${name} fail without a mutant`);
  note({ name, what });
}

/** What becomes of a mutant, by the first tests that fail. */
async function outcomeOf(mutant) {
  const { file } = mutant;
  const own = file.replace(/\.ts$/, '.test.ts');
  const project = ['--project', file.split('/')[1]];
  const nearest = existsSync(join(root, own)) ? own : `${dirname(file)}/`;
  const tests = [['run', nearest], ['related', file], ['run']];
  for (const words of tests) {
    const how = await killed(mutant, [...words, ...project]);
    if (how !== undefined) return how;
  }
  return 'SURVIVED';
}

const start = Date.now();
const rows = [];
for (let i = 1; i <= Number(values.count); i++) {
  const name = packages[(i - 1) % packages.length];
  const left = places.get(name);
  if (left.length === 0) continue;
  const [[file, from, to, by]] = left.splice(below(left.length), 1);
  const text = readFileSync(join(root, file), 'utf8');
  const line = text.slice(0, from).split('\n').length;
  const what = `${file}:${line}  ${text.slice(from, to).replaceAll(/\s+/g, ' ')}  →  ${by.trim()}`;
  let row = known.get(what);
  if (row === undefined) {
    if (Date.now() - start > 60_000 * Number(values.for)) break;
    await checkUnbroken(name);
    row = { name, what, how: await outcomeOf({ file, from, to, by }) };
    note(row);
  }
  rows.push(row);
  console.log(`${i} of ${values.count}  ${row.how.padEnd(8)}  ${what}`);
}

console.log(`\n| package | mutants | found | of them by time | survived |\n|---|---:|---:|---:|---:|`);
for (const name of packages) {
  const own = rows.filter((row) => row.name === name);
  const count = (how) => own.filter((row) => row.how === how).length;
  const [endless, survived] = [count('endless'), count('SURVIVED')];
  console.log(`| ${name} | ${own.length} | ${own.length - survived} | ${endless} | ${survived} |`);
}
console.log(`\nseed ${values.seed}, ${rows.length} of ${values.count} mutants; survivors:`);
for (const { how, what } of rows) if (how === 'SURVIVED') console.log(what);
