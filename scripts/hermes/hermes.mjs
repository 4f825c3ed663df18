// Packs the packages, installs them with Metro and React Native's preset into a fresh app, bundles main.js and runs it on the
// Hermes VM of the npm registry. Everything is fetched into a temporary folder: 190 MB that the workspace does not install.
import { execFile, execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { copyFileSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { buildSync } from 'esbuild';

const here = fileURLToPath(new URL('.', import.meta.url));
const root = join(here, '../..');
const PACKAGES = ['core', 'compression', 'privacy', 'secagg', 'flower', 'llm'];
// The last of each that start on Node 20, and the only VM that the registry has as a program.
const TOOLS = {
  '@babel/core': '7.28.5',
  '@react-native/babel-preset': '0.86.3',
  '@react-native/metro-babel-transformer': '0.86.3',
  'hermes-engine-cli': '0.12.0',
  metro: '0.84.6',
};
/** Of Hermes V1 the registry has compilers alone: what each React Native brings, the first one with V1 and the latest. */
const COMPILERS = { 0.84: '250829098.0.7', 0.88: '260318099.0.5' };
const COMPILER = { linux: 'linux64-bin/hermesc', darwin: 'osx-bin/hermesc', win32: 'win64-bin/hermesc.exe' };
const VM = { linux: 'linux64-bin/hermes', darwin: 'osx-bin/hermes', win32: 'win64-bin/hermes.exe' };
const TIMEOUT = 600_000;

const run = promisify(execFile);

/** The app: packed packages, the tools, and what main.js imports. */
function makeApp(app) {
  const dependencies = { ...TOOLS };
  for (const [version, compiler] of Object.entries(COMPILERS)) {
    dependencies[`hermes-compiler-${version}`] = `npm:hermes-compiler@${compiler}`;
  }
  for (const name of PACKAGES) {
    const directory = join(root, 'packages', name);
    execFileSync('pnpm', ['pack', '--pack-destination', app], { cwd: directory, stdio: 'ignore' });
    const tarball = readdirSync(app).find((file) => file.startsWith(`fedkit-${name}-`));
    dependencies[`@fedkit/${name}`] = `file:./${tarball}`;
  }
  const overrides = Object.fromEntries(Object.entries(dependencies).filter(([name]) => name.startsWith('@fedkit/')));
  writeFileSync(join(app, 'package.json'), JSON.stringify({ private: true, dependencies, overrides }));
  writeFileSync(join(app, 'babel.config.js'), "module.exports = { presets: ['@react-native/babel-preset'] };\n");
  for (const file of ['main.js', 'platform.js', 'timers.js', 'federations.mjs', 'metro.cjs']) {
    copyFileSync(join(here, file), join(app, file));
  }
  copyFileSync(join(root, 'examples/phone/client.ts'), join(app, 'client.ts'));
  for (const file of ['features.ts', 'field-service.ts', 'scenario.ts']) {
    copyFileSync(join(root, 'examples/react-native', file), join(app, file));
  }
  for (const file of [
    'core/test/golden/golden.mjs',
    'secagg/test/replay-rounds.mjs',
    'secagg/test/vectors/transcripts.json',
    'secagg/test/vectors/curve-edges.json',
  ]) {
    copyFileSync(join(root, 'packages', file), join(app, file.slice(file.lastIndexOf('/') + 1)));
  }
  for (const file of ['recorded/node.mjs', 'vectors/superlink.json']) {
    copyFileSync(join(root, 'packages/flower/test', file), join(app, file.slice(file.lastIndexOf('/') + 1)));
  }
  copyFileSync(join(root, 'packages/privacy/test/golden/golden.mjs'), join(app, 'privacy-golden.mjs'));
  copyFileSync(join(root, 'packages/llm/test/golden/golden.mjs'), join(app, 'language-golden.mjs'));
}

/** The React Native versions whose compiler of Hermes V1 takes `file`: a gate for its syntax, since no program here runs what it makes. */
async function compileForV1(app, file) {
  const accepted = [];
  for (const version of Object.keys(COMPILERS)) {
    const compiler = join(app, `node_modules/hermes-compiler-${version}/hermesc`, COMPILER[process.platform]);
    await run(compiler, ['-emit-binary', '-O0', '-w', '-out', `v1-${version}.hbc`, file], {
      cwd: app,
      timeout: TIMEOUT,
    });
    accepted.push(version);
  }
  return accepted;
}

/**
 * What ran on the VM: golden digests, one line for each transcript, the models of federations, what a node of Flower said to a recorded
 * SuperLink, and the names that the VM lacks and platform.js adds. `onNode` has the models of the same federations on this Node,
 * `app` and `appOnNode` what came of the scenario of examples/react-native, `compiled` the versions whose compiler took the same bundle,
 * `clientBytes` what Metro makes of the FedAvg client of examples/phone, minified and compressed by gzip.
 */
export async function runOnHermes() {
  const app = mkdtempSync(join(tmpdir(), 'fedkit-hermes-'));
  try {
    makeApp(app);
    await run('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts'], { cwd: app, timeout: TIMEOUT });
    const metro = (...words) => run(process.execPath, ['metro.cjs', ...words], { cwd: app, timeout: TIMEOUT });
    await metro('main.js', 'bundle.js');
    await metro('client.ts', 'client.js', '--minify');
    const clientBytes = gzipSync(readFileSync(join(app, 'client.js')), { level: 9 }).length;
    const entropy = `globalThis.ENTROPY = '${randomBytes(2 ** 18).toString('hex')}';\n`;
    writeFileSync(join(app, 'bundle.js'), entropy + readFileSync(join(app, 'bundle.js'), 'utf8'));
    const compiled = await compileForV1(app, 'bundle.js');
    const vm = join(app, 'node_modules/hermes-engine-cli', VM[process.platform]);
    const options = { cwd: app, timeout: TIMEOUT, maxBuffer: 2 ** 26 };
    const { stdout } = await run(vm, ['bundle.js'], options);
    const found = Object.assign(
      {},
      ...stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    );
    if (found.failure !== undefined) throw new Error(found.failure);
    writeFileSync(
      join(app, 'node.mjs'),
      `import { federations } from './federations.mjs';
      import { scenario } from './scenario.mjs';
      console.log(JSON.stringify({ models: await federations(), app: await scenario() }));`,
    );
    // Node 20 reads no TypeScript; the packages stay those that are installed here.
    const bundle = { bundle: true, packages: 'external', format: 'esm', platform: 'node' };
    buildSync({ ...bundle, entryPoints: [join(app, 'scenario.ts')], outfile: join(app, 'scenario.mjs') });
    const node = JSON.parse((await run(process.execPath, ['node.mjs'], options)).stdout);
    return { ...found, compiled, clientBytes, onNode: node.models, appOnNode: node.app };
  } finally {
    rmSync(app, { recursive: true, force: true });
  }
}
