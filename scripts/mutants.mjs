// Breaks the source in one place at a time and looks whether a test notices: mutants [--package core] [--count 40] [--seed 1] [--minutes 20]
// A mutant meets the nearest test first, the tests of its package next; one that passes both has survived, and is printed.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
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
  const command = [vitest, 'run', '--config', 'vitest.workspace.ts', '--bail', '1', '--passWithNoTests', ...words];
  const env = { ...process.env, FEDKIT_MUTANT: JSON.stringify(mutant ?? {}) };
  const child = spawn(process.execPath, command, { cwd: root, env, stdio: 'ignore', detached: true });
  // The workers of one that never ends, end with the group.
  end = () => process.kill(-child.pid, 'SIGKILL');
  const timer = setTimeout(end, 60_000 * Number(values.minutes));
  const code = await new Promise((resolve) => child.once('exit', resolve));
  clearTimeout(timer);
  end = () => {};
  return code === 0 ? undefined : code === null ? 'endless ' : 'killed  ';
}

const folders = values.package.split(',').map((name) => `packages/${name}/src`);
const listed = execFileSync('git', ['ls-files', ...folders], { cwd: root, encoding: 'utf8' }).split('\n');
const files = listed.filter((file) => file.endsWith('.ts') && !/(\.test|\.wasm|index)\.ts$/.test(file));
const places = files.flatMap((file) =>
  placesIn(readFileSync(join(root, file), 'utf8')).map((place) => [file, ...place]),
);
// Tests that fail already would kill everything.
for (const name of values.package.split(',')) {
  if (await killed(undefined, ['--project', name])) throw new Error(`the tests of ${name} fail without a mutant`);
}
const survivors = [];
let endless = 0;
const count = Math.min(Number(values.count), places.length);
for (let i = 1; i <= count; i++) {
  const [[file, from, to, by]] = places.splice(below(places.length), 1);
  const text = readFileSync(join(root, file), 'utf8');
  const line = text.slice(0, from).split('\n').length;
  const what = `${file}:${line}  ${text.slice(from, to).replaceAll(/\s+/g, ' ')}  →  ${by.trim()}`;
  const own = file.replace(/\.ts$/, '.test.ts');
  const mutant = { file, from, to, by };
  const project = ['--project', file.split('/')[1]];
  const how =
    (await killed(mutant, [...project, existsSync(join(root, own)) ? own : `${dirname(file)}/`])) ||
    (await killed(mutant, project));
  if (how === undefined) survivors.push(what);
  if (how === 'endless ') endless++;
  console.log(`${i} of ${count}  ${how ?? 'SURVIVED'}  ${what}`);
}
const found = count - survivors.length;
console.log(`${found} of ${count} mutants found, ${endless} of them by running over ${values.minutes} minutes`);
console.log(`seed ${values.seed}, packages ${values.package}\n${survivors.join('\n')}`);
