// An application as a developer makes it, of the guides' lines alone: TypeScript, compiled strictly; a server and three clients that are
// processes, with nginx between as it comes, where it is installed; a client that requires; and a test under Jest.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../packed.mjs';
import { installedByNpm } from './install.mjs';
import { freePort, said } from './processes.mjs';

const TOOLS = [
  'typescript@5.9.3',
  '@types/node@20.19.43',
  'jest@30',
  'babel-jest@30',
  '@babel/core@7',
  '@babel/preset-env@7',
];
const ROUNDS = 3;

const SHARED = `import { fedAvg, plainUpdates, softmaxRegression, withMetrics } from '@fedkit/core';
export const model = softmaxRegression({ inputs: 2, classes: 2 });
const algorithm = withMetrics(fedAvg(), { bounds: { loss: 5 } });
export const pipeline = plainUpdates({ algorithm, layout: model.layout, minimumContributors: 3 });
`;
const SERVER = `import * as fs from 'node:fs/promises';
import { federatedServer, fileStore, secureRng } from '@fedkit/core';
import { prometheusTelemetry, statusHandler } from '@fedkit/core/telemetry';
import { fetchHandler } from '@fedkit/core/transport/fetch';
import { serve } from '@fedkit/core/transport/node';
import { model, pipeline } from './shared.js';
const [port, rounds] = process.argv.slice(2).map(Number);
const telemetry = prometheusTelemetry();
const server = await federatedServer({
  pipeline,
  initial: new Float32Array(model.layout.size),
  store: fileStore(fs, 'run'),
  cohort: 3,
  rounds: rounds ?? 1,
  retryAfter: 50,
  clock: Date.now,
  rng: secureRng(),
  telemetry,
});
const federation = fetchHandler(server, {
  authenticate: (request) => /^Bearer s3cret-(\\d)$/.exec(request.headers.get('authorization') ?? '')?.[1],
  telemetry,
});
const status = statusHandler({ server, metrics: telemetry });
const http = await serve(async (request) => status(request) ?? federation(request), { port: port ?? 0 });
const timer = setInterval(() => void server.tick().catch(console.error), 1000);
process.once('SIGTERM', async () => {
  clearInterval(timer);
  await server.drain({ grace: 30_000 });
  await http.close({ grace: 10_000 });
  await server.close({ grace: 10_000 });
});
console.log(http.url);
`;
const CLIENT = `import * as fs from 'node:fs/promises';
import { federatedClient, fileStore, plainTrainer } from '@fedkit/core';
import { fetchExchange } from '@fedkit/core/transport/fetch';
import { model, pipeline } from './shared.js';
const [id = '0', url = ''] = process.argv.slice(2);
const client = federatedClient({
  id,
  pipeline,
  trainer: plainTrainer(model, { inputs: Float32Array.of(3, 1, 1, 2, 5, 4), labels: Uint8Array.of(1, 0, 1) }),
  local: () => ({ epochs: 5, batchSize: 2, learningRate: 0.5 }),
  exchange: fetchExchange({ url: \`\${url}/fedkit\`, headers: { authorization: \`Bearer s3cret-\${id}\` } }),
  store: fileStore(fs, \`device-\${id}\`),
});
await client.run();
const { params, round } = await client.model();
console.log(round, params.join());
`;
/** What asks for the model in CommonJS, on a device that was never drawn. */
const REQUIRED = `const fs = require('node:fs/promises');
const core = require('@fedkit/core');
const { fetchExchange } = require('@fedkit/core/transport/fetch');
const model = core.softmaxRegression({ inputs: 2, classes: 2 });
const algorithm = core.withMetrics(core.fedAvg(), { bounds: { loss: 5 } });
core
  .federatedClient({
    id: '9',
    pipeline: core.plainUpdates({ algorithm, layout: model.layout, minimumContributors: 3 }),
    trainer: core.plainTrainer(model, { inputs: Float32Array.of(3, 1), labels: Uint8Array.of(1) }),
    local: () => ({ epochs: 1, batchSize: 1, learningRate: 0.5 }),
    exchange: fetchExchange({ url: process.argv[2] + '/fedkit', headers: { authorization: 'Bearer s3cret-9' } }),
    store: core.fileStore(fs, 'device-9'),
  })
  .model()
  .then(({ params, round }) => console.log(round, params.join()));
`;
const TEST = `import { plainTrainer, seededRng, softmaxRegression } from '@fedkit/core';
test('a model trains', async () => {
  const model = softmaxRegression({ inputs: 2, classes: 2 });
  const trainer = plainTrainer(model, { inputs: Float32Array.of(3, 1, 1, 2), labels: Uint8Array.of(1, 0) });
  const options = { epochs: 20, batchSize: 2, learningRate: 0.5, rng: seededRng(1) };
  const { values } = await trainer.train(new Float32Array(model.layout.size), {}, options);
  expect(model.evaluate(values, { inputs: Float32Array.of(9, 2, 3, 7), labels: Uint8Array.of(1, 0) }).accuracy).toBe(1);
});
`;
/** As docs/compatibility.md has it. */
const JEST = `module.exports = {
  transform: { '\\\\.m?js$': ['babel-jest', { presets: [['@babel/preset-env', { targets: { node: 'current' } }]] }] },
  transformIgnorePatterns: ['/node_modules/(?!(@fedkit|@noble)/)'],
};
`;
const PROJECT = {
  compilerOptions: {
    target: 'ES2022',
    module: 'nodenext',
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    outDir: 'dist',
    types: ['node'],
  },
  include: ['src'],
};

export async function app(packed, folder) {
  const core = packed.filter(({ manifest }) => manifest.name === '@fedkit/core');
  installedByNpm(folder, core);
  run(folder, 'npm', 'install', '--no-audit', '--no-fund', '--ignore-scripts', '--no-save', ...TOOLS);
  for (const name of ['src', 'test']) mkdirSync(join(folder, name));
  const files = {
    'src/shared.ts': SHARED,
    'src/server.ts': SERVER,
    'src/client.ts': CLIENT,
    'client.cjs': REQUIRED,
    'test/trains.test.js': TEST,
    'jest.config.cjs': JEST,
    'tsconfig.json': JSON.stringify(PROJECT),
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  run(folder, 'npx', 'tsc');
  run(folder, 'npx', 'jest');

  const children = [];
  const start = (...words) => {
    const child = spawn(process.execPath, words, { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(child);
    return child;
  };
  try {
    const [port, front] = [await freePort(), await freePort()];
    const [address] = await once(start('dist/server.js', port, ROUNDS).stdout, 'data');
    const proxied = startNginx(folder, port, front, children);
    const url = (await proxied) ? `http://127.0.0.1:${front}` : String(address).trim();
    const models = await Promise.all(['0', '1', '2'].map((id) => said(start('dist/client.js', id, url))));
    models.push(await said(start('client.cjs', url)));
    if (new Set(models).size !== 1 || !models[0].startsWith(`${ROUNDS} `)) throw new Error(models.join('\n'));
    const way = (await proxied) ? 'through nginx as it comes' : 'without nginx, which is not installed';
    return `TypeScript, CommonJS and Jest; ${models.length} devices end with one model, ${way}`;
  } finally {
    for (const child of children) child.kill();
  }
}

/** nginx with nothing set but where it listens and what is behind. @returns Whether it is there. */
async function startNginx(folder, port, front, children) {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const places = temporary.map((name) => `${name}_temp_path ${folder}/${name};`).join(' ');
  writeFileSync(
    join(folder, 'nginx.conf'),
    `daemon off; pid ${folder}/nginx.pid; error_log ${folder}/nginx.log; events {}
    http { access_log off; ${places}
      server { listen 127.0.0.1:${front}; location /fedkit { proxy_pass http://127.0.0.1:${port}; } } }`,
  );
  const child = spawn('nginx', ['-c', join(folder, 'nginx.conf')], { stdio: 'ignore' });
  const [error] = await Promise.race([once(child, 'error'), once(child, 'spawn')]);
  if (error) return false;
  children.push(child);
  return true;
}
