// Runs the golden digests of @fedkit/core, @fedkit/privacy and @fedkit/llm, the transcripts of @fedkit/secagg, the HTTP transport
// and whole federations (on Hermes also a node of Flower, on a recorded SuperLink) on every engine there is in the npm registry,
// React Native's Hermes among them, and in the browsers that are
// installed, and prints which reproduce the committed ones. `--write` commits what this Node computes. Then a tenth of the packages'
// own test files, drawn by the commit, and with `--all` every one of them. Run after `pnpm build`.
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { BrowserUnavailable, findBrowser, runInPage } from './browser/browsers.mjs';
import { authenticate, handler } from './exchanges.mjs';
import { acrossEngines, clientsOf, resumed } from './federations/federations.mjs';
import { runOnHermes } from './hermes/hermes.mjs';
import { reportTensorBackends } from './tensors/backends.mjs';
import { runTestFiles } from './test-files/engines.mjs';

const directory = dirname(fileURLToPath(import.meta.url));
const script = join(directory, 'run-golden.mjs');
const replay = join(directory, '../packages/secagg/test/replay.mjs');
const records = ['core', 'privacy', 'llm'].map((name) =>
  join(directory, `../packages/${name}/test/golden/golden.json`),
);

/** What Metro makes of a FedAvg client, compressed: what an app on React Native grows by. */
const MAXIMUM_CLIENT_BYTES = 39_500;

const engines = [
  ['Node 20', 'npx', '-y', 'node@20', script],
  ['Node 24', 'npx', '-y', 'node@24', script],
  ['Bun 1.4', 'npx', '-y', 'bun@1.4.5', script],
  ['Deno 2.9', 'npx', '-y', 'deno@2.9.6', 'run', '--allow-read', '--allow-env', script],
  ['Node without WebAssembly, crypto, TextEncoder, TextDecoder', process.execPath, script, '--stripped'],
];

async function run([command, ...args]) {
  const { stdout } = await promisify(execFile)(command, args, { cwd: directory, timeout: 600_000 });
  return JSON.parse(stdout.slice(stdout.indexOf('{')));
}

async function replayed([command, ...args]) {
  const { stdout } = await promisify(execFile)(
    command,
    args.map((argument) => (argument === script ? replay : argument)),
    { cwd: directory, timeout: 600_000 },
  );
  return stdout
    .trim()
    .split('\n')
    .filter((line) => / messages, | decisions, |DIFFERENT/.test(line));
}

if (process.argv.includes('--write')) {
  const { digests } = await run([process.execPath, script]);
  const packageOf = (name) => {
    if (name.startsWith('language models: ')) return 2;
    return /^(accountant|calibration|mechanism|audit): /.test(name) ? 1 : 0;
  };
  for (const [i, record] of records.entries()) {
    const own = Object.entries(digests).filter(([name]) => packageOf(name) === i);
    writeFileSync(record, `${JSON.stringify(Object.fromEntries(own), undefined, 2)}\n`);
  }
}

async function runGolden(browser) {
  const { fetchHandler } = await import('../packages/core/dist/transport/fetch/index.js');
  const fedkit = fetchHandler(handler, { authenticate });
  return runInPage(browser, { module: '/scripts/browser/page.mjs', fedkit });
}

/** A machine may have no browser that starts; every engine of the registry must run. */
function fail(title, error) {
  console.error(`${title}: ${error.message}`);
  if (!(error instanceof BrowserUnavailable)) process.exitCode = 1;
}

/** Whole engines, without a script; Deno with these rights. */
const whole = (...rights) =>
  engines
    .filter(([title]) => !title.includes('without'))
    .map((words) => words.slice(0, -1).flatMap((word) => (word === '--allow-read' ? rights : word)));
const transport = whole('--allow-net').map((words) => [...words, join(directory, 'run-transport.mjs')]);

const expected = Object.assign({}, ...records.map((record) => JSON.parse(readFileSync(record, 'utf8'))));
const names = Object.keys(expected);
console.log(
  `| engine | kernels | equal digests | equal rounds of secure aggregation | curve edges |\n|---|---|---:|---:|---|`,
);
const titles = ['Chromium', 'Firefox', 'WebKit'];
const browsers = titles.map(findBrowser).filter((browser) => browser !== undefined);
// One after another, beside the other engines.
const pageRuns = [];
for (const browser of browsers) {
  const before = pageRuns.at(-1)?.catch(() => {});
  pageRuns.push(Promise.resolve(before).then(() => runGolden(browser)));
}
// Reported below.
for (const pageRun of pageRuns) pageRun.catch(() => {});
const rows = engines.map(([title, ...command]) => [
  title,
  async () => ({ ...(await run(command)), rounds: await replayed(command) }),
]);
browsers.forEach(({ title }, i) => rows.push([title, () => pageRuns[i]]));
const hermesRun = runOnHermes();
// Reported below.
hermesRun.catch(() => {});
rows.push(['Hermes 0.12 (React Native)', async () => ({ ...(await hermesRun), kernels: 'plain' })]);
for (const [title, work] of rows) {
  try {
    const { kernels, digests, rounds } = await work();
    const different = [...new Set([...names, ...Object.keys(digests)])].filter(
      (name) => digests[name] !== expected[name],
    );
    const edges = rounds.filter((line) => line.startsWith('curve edges'));
    const replays = rounds.filter((line) => !edges.includes(line));
    const same = replays.filter((line) => line.endsWith('the same bytes'));
    const decided = /(\d+) decisions, the same$/.exec(edges[0])?.[1];
    const provider = /\((\w+)\):/.exec(rounds[0])?.[1];
    const digestCount = `${names.length - different.length} of ${names.length}`;
    const replayed = `${same.length} of ${replays.length}, ${provider}`;
    console.log(`| ${title} | ${kernels} | ${digestCount} | ${replayed} | ${decided ?? 'different'} |`);
    if (same.length < replays.length || decided === undefined) process.exitCode = 1;
    for (const name of different) console.error(`${title}: ${name} differs`);
    if (different.length > 0) process.exitCode = 1;
  } catch (error) {
    console.log(`| ${title} | – | did not run | | |`);
    fail(title, error);
  }
}
const missing = titles.filter((title) => !browsers.some((browser) => browser.title === title));
if (missing.length > 0) console.log(`\nNot installed here, so that no page ran in them: ${missing.join(', ')}.`);

console.log(`\n| on Hermes | rounds | model |\n|---|---|---|`);
try {
  const { models, onNode, added, compiled, clientBytes, app, appOnNode, node } = await hermesRun;
  for (const [name, { outcomes, digest }] of Object.entries(models)) {
    // Rounding and noise are fresh randomness; a plain federation is the same bytes.
    const verdict = !name.startsWith('plain')
      ? '–'
      : digest === onNode[name].digest
        ? 'the same bytes as on Node'
        : 'DIFFERENT';
    console.log(`| ${name} | ${outcomes.join(', ')} | ${verdict} |`);
    if (verdict === 'DIFFERENT' || outcomes.some((outcome) => outcome !== 'published')) process.exitCode = 1;
  }
  const replies = node.events.filter((event) => event === 'replied').length;
  const nodeVerdict = node.same === node.calls ? 'the same bytes as flwr took' : `${node.events.at(-1)}`;
  console.log(`| a node of Flower | ${replies} replies, ${node.same} of ${node.calls} calls | ${nodeVerdict} |`);
  if (node.same !== node.calls || replies !== 4) process.exitCode = 1;
  const { rounds, accuracy, digest } = app;
  const sameApp = digest === appOnNode.digest && app.personal.join() === appOnNode.personal.join();
  const appVerdict = sameApp ? 'the same bytes as on Node' : 'DIFFERENT';
  console.log(`| examples/react-native | ${rounds}, ${accuracy} right | ${appVerdict} |`);
  if (!sameApp || rounds !== 4) process.exitCode = 1;
  console.log(`\nThe VM lacks ${added.join(', ')}: React Native or a polyfill brings them.`);
  console.log(`The compilers of Hermes V1 that React Native ${compiled.join(' and ')} bring take the same bundle.`);
  console.log(`Metro makes ${clientBytes} bytes of a FedAvg client, minified and compressed.`);
  if (clientBytes > MAXIMUM_CLIENT_BYTES) throw new Error(`a FedAvg client of more than ${MAXIMUM_CLIENT_BYTES} bytes`);
} catch (error) {
  fail('Hermes', error);
}

console.log(`\n| engine | requests over HTTP, in pieces | refusals |\n|---|---:|---|`);
const REFUSALS = '405 401 415';
const both = transport.map(([title, ...command]) => [title, () => run(command)]);
// A page is a client alone; what the server refuses does not depend on it.
browsers.forEach(({ title }, i) => {
  both.push([`${title}, from Node`, async () => ({ exact: (await pageRuns[i]).exact, statuses: '–' })]);
});
for (const [title, work] of both) {
  try {
    const { exact, statuses } = await work();
    console.log(`| ${title} | ${exact} | ${statuses} |`);
    if (exact !== '4 of 4' || !['–', REFUSALS].includes(statuses)) process.exitCode = 1;
  } catch (error) {
    console.log(`| ${title} | did not run | |`);
    fail(title, error);
  }
}

console.log(`\n| engine's SQLite | laws of stores kept |\n|---|---|`);
const sqlite = [
  ['Node 22, node:sqlite', 'npx', '-y', 'node@22'],
  ['Node 24, node:sqlite', 'npx', '-y', 'node@24'],
  ['Bun 1.4, bun:sqlite', 'npx', '-y', 'bun@1.4.5'],
  ['Deno 2.9, node:sqlite', 'npx', '-y', 'deno@2.9.6', 'run', '--allow-all'],
];
for (const [title, ...command] of sqlite) {
  try {
    const { laws, broken } = await run([...command, join(directory, 'run-stores.mjs')]);
    console.log(`| ${title} | ${laws - broken.length} of ${laws} |`);
    for (const law of broken) console.error(`${title}: ${law}`);
    if (broken.length > 0) process.exitCode = 1;
  } catch (error) {
    console.log(`| ${title} | did not run |`);
    fail(title, error);
  }
}

/** What came of federations, a row each. */
async function report(kinds) {
  for (const [kind, work] of kinds) {
    try {
      console.log(`| ${kind} | ${await work()} |`);
    } catch (error) {
      console.log(`| ${kind} | FAILED |`);
      fail(kind, error);
    }
  }
}

const clients = whole('--allow-net').filter(([title]) => browsers.length === 0 || title !== 'Node 24');
const places = [...clients.map(([title]) => title), ...browsers.map(({ title }) => title)];
console.log(`\n| server on Node, ${clientsOf(places)} | model |\n|---|---|`);
await report(await acrossEngines(clients, browsers));

// A Node server's run, gone on with by the others.
const servers = whole('--allow-read', '--allow-write').filter(([title]) => title !== 'Node 24');
console.log(`\n| a run of ${servers.map(([title]) => title).join(', then ')} | model |\n|---|---|`);
await report(await resumed(servers));

try {
  if (!(await reportTensorBackends())) process.exitCode = 1;
} catch (error) {
  fail('TensorFlow.js', error);
}
if (!(await runTestFiles({ all: process.argv.includes('--all') }))) process.exitCode = 1;
