// A federation in servers that are there already: the lines of the guide, run with the frameworks themselves. Three clients and two
// rounds each, of updates that go in pieces; and what happens where the lines are not followed.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { root, run } from '../packed.mjs';
import { installedByNpm } from './install.mjs';
import { freePort, said } from './processes.mjs';

const FRAMEWORKS = ['express@5', 'express-4@npm:express@4', 'fastify@5'];
const GUIDE = 'docs/guides/deployment.md';

const SHARED = `import { fedAvg, plainUpdates, softmaxRegression } from '@fedkit/core';
export const model = softmaxRegression({ inputs: 30_000, classes: 10 });
export const pipeline = plainUpdates({ algorithm: fedAvg(), layout: model.layout, minimumContributors: 3 });
`;
const SERVER = `import { readFileSync } from 'node:fs';
import { federatedServer, memoryStore, secureRng } from '@fedkit/core';
import { fetchHandler } from '@fedkit/core/transport/fetch';
import { model, pipeline } from './shared.mjs';
const server = await federatedServer({
  pipeline,
  initial: new Float32Array(model.layout.size),
  store: memoryStore(),
  cohort: 3,
  rounds: 2,
  retryAfter: 50,
  clock: Date.now,
  rng: secureRng(),
});
const federation = fetchHandler(server, { insecure: true });
const [key, cert] = ['key.pem', 'cert.pem'].map((name) => readFileSync(name, 'utf8'));
`;
const CLIENTS = `import { federatedClient, memoryStore, modelDigest, plainTrainer } from '@fedkit/core';
import { fetchExchange } from '@fedkit/core/transport/fetch';
import { model, pipeline } from './shared.mjs';
const inputs = Float32Array.from({ length: 2 * 30_000 }, (_, i) => (i % 7) / 7);
const models = await Promise.all(
  ['0', '1', '2'].map(async (id) => {
    const client = federatedClient({
      id,
      pipeline,
      trainer: plainTrainer(model, { inputs, labels: Uint8Array.of(1, 0) }),
      local: () => ({ epochs: 1, batchSize: 2, learningRate: 0.1 }),
      exchange: fetchExchange({ url: process.argv[2], headers: { 'fedkit-client': id } }),
      store: memoryStore(),
    });
    await client.run();
    const { round, params } = await client.model();
    return round + ' ' + modelDigest(model.layout, params);
  }),
);
console.log([...new Set(models)].join());
`;

/** The guide's lines for one host of `nodeListener`. */
function linesFor(host) {
  const blocks = [...readFileSync(join(root, GUIDE), 'utf8').matchAll(/^```js\n(.*?)^```$/gms)].map(([, code]) => code);
  const [lines, ...more] = blocks.filter((code) => code.includes(`from '${host}'`) && code.includes('nodeListener'));
  if (lines === undefined || more.length > 0) throw new Error(`expected one block of ${GUIDE} for ${host}`);
  return lines;
}

/** `lines` with one of them in the place of another, which must be there. */
function changed(lines, from, to) {
  if (!lines.includes(from)) throw new Error(`expected ${from} in ${GUIDE}`);
  return lines.replace(from, () => to);
}

export async function frameworks(packed, folder) {
  installedByNpm(
    folder,
    packed.filter(({ manifest }) => manifest.name === '@fedkit/core'),
  );
  run(folder, 'npm', 'install', '--no-audit', '--no-fund', '--ignore-scripts', '--no-save', ...FRAMEWORKS);
  writeFileSync(join(folder, 'shared.mjs'), SHARED);
  writeFileSync(join(folder, 'clients.mjs'), CLIENTS);
  const kind = ['-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost'];
  const names = ['-addext', 'subjectAltName=DNS:localhost', '-keyout', 'key.pem', '-out', 'cert.pem'];
  run(folder, 'openssl', 'req', '-x509', ...kind, ...names);

  const [https, express, fastify] = ['node:https', 'express', 'fastify'].map(linesFor);
  const first = "app.use('/fedkit'";
  const before = (parser) => changed(express, first, `app.use(${parser});\n${first}`);
  const hosts = {
    'node:https': https,
    'Express 5': express,
    'Express 4': changed(express, "from 'express'", "from 'express-4'"),
    'Express 5 after express.json()': before('express.json()'),
    'Express 5 after express.raw()': before("express.raw({ type: '*/*', limit: '2mb' })"),
    'Fastify 5': fastify,
  };
  for (const [name, lines] of Object.entries(hosts)) {
    const model = await served(folder, lines, async (url) => {
      const env = { ...process.env, NODE_EXTRA_CA_CERTS: join(folder, 'cert.pem') };
      return said(start(folder, ['clients.mjs', url], { env }));
    });
    if (!/^2 [0-9a-f]{64}$/.test(model.result)) throw new Error(`${name}: expected one model, got ${model.result}`);
    if (model.stderr !== '') throw new Error(`${name}: ${model.stderr}`);
  }

  const eaten = await served(folder, before("express.text({ type: '*/*' })"), answered);
  if (eaten.result !== 500 || !eaten.stderr.includes('nodeListener: expected a body that nobody has read')) {
    throw new Error(`a body that Express has read: ${eaten.result} ${eaten.stderr}`);
  }
  const unknown = await served(folder, fastify.replace(/^ *scope\.(?:remove|add)\w+\(.*\n/gm, ''), answered);
  if (unknown.result !== 415) throw new Error(`Fastify without a parser: ${unknown.result}`);
  return `${Object.keys(hosts).join(', ')}: one model each; a body read before is told of, and Fastify's 415 is as the guide says`;
}

/** Runs `ask` on the address of a server of these lines, and says what the server has complained of. */
async function served(folder, lines, ask) {
  const port = await freePort();
  writeFileSync(join(folder, 'server.mjs'), SERVER + lines.replace(/\b8\d{3}\b/, `${port}`));
  const child = start(folder, ['server.mjs'], { stdio: ['ignore', 'inherit', 'pipe'] });
  let stderr = '';
  child.stderr.on('data', (chunk) => (stderr += chunk));
  try {
    const scheme = lines.includes('node:https') ? 'https' : 'http';
    const result = await ask(`${scheme}://localhost:${port}/fedkit`);
    child.kill();
    await once(child, 'close');
    return { result, stderr };
  } finally {
    child.kill();
  }
}

function start(folder, words, options) {
  return spawn(process.execPath, words, { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'], ...options });
}

/** The status of a request, once there is someone to answer. */
async function answered(url) {
  const headers = { 'fedkit-client': '0', 'content-type': 'application/octet-stream' };
  for (let tries = 0; ; tries++) {
    try {
      return (await fetch(url, { method: 'POST', headers, body: 'a', signal: AbortSignal.timeout(5_000) })).status;
    } catch (error) {
      if (tries === 50) throw error;
      await setTimeout(100);
    }
  }
}
