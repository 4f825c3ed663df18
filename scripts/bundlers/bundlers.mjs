// Builds a page with a worker and a service worker, each of which holds a federation, by every bundler that people use, from packed
// packages, and opens what came of it in Chromium: node scripts/bundlers/bundlers.mjs [bundler…]. The bundlers are fetched into a
// temporary folder.
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { findBrowser, visit } from '../browser/browsers.mjs';
import { packAll, run } from '../packed.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const BUNDLERS = {
  esbuild: { esbuild: '0.28.2' },
  rollup: { rollup: '4.68.8', '@rollup/plugin-node-resolve': '16.0.3' },
  vite: { vite: '8.4.0' },
  webpack: { webpack: '5.113.0' },
  next: { next: '16.4.6', react: '19.3.1', 'react-dom': '19.3.1' },
};
const PACKAGES = ['core', 'compression', 'privacy', 'secagg'];
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' };
/** No wasm-unsafe-eval: kernels take their plain path. A page that Next writes has scripts of its own in it. */
const policy = (bundler) => `default-src 'self'${bundler === 'next' ? "; script-src 'self' 'unsafe-inline'" : ''}`;
const HTML = '<!doctype html><title>bundled</title><script type="module" src="/page.js"></script>';

/** Each puts page.js, service.js and what they load into `out`. */
const builds = {
  async esbuild(load, app, out) {
    const { build } = await load('esbuild');
    const files = { page: 'page-of-files', work: 'work', service: 'service' };
    const entryPoints = Object.entries(files).map(([name, file]) => ({ in: join(app, `${file}.js`), out: name }));
    await build({ entryPoints, outdir: out, bundle: true, minify: true, format: 'esm', platform: 'browser' });
  },
  async rollup(load, app, out) {
    const { rollup } = await load('rollup');
    const { nodeResolve } = await load('@rollup/plugin-node-resolve');
    for (const [name, file] of [
      ['page', 'page-of-files'],
      ['work', 'work'],
      ['service', 'service'],
    ]) {
      const bundle = await rollup({ input: join(app, `${file}.js`), plugins: [nodeResolve({ browser: true })] });
      await bundle.write({ file: join(out, `${name}.js`), format: 'es' });
    }
  },
  async vite(load, app, out) {
    const { build } = await load('vite');
    const one = (name) => ({
      configFile: false,
      root: app,
      logLevel: 'error',
      worker: { format: 'es' },
      build: {
        outDir: out,
        emptyOutDir: false,
        modulePreload: false,
        rollupOptions: { input: join(app, `${name}.js`), output: { entryFileNames: '[name].js' } },
      },
    });
    await build(one('page'));
    await build(one('service'));
  },
  async webpack(load, app, out) {
    const { default: webpack } = await load('webpack');
    const stats = await new Promise((resolve, reject) =>
      webpack(
        {
          mode: 'production',
          entry: { page: join(app, 'page.js'), service: join(app, 'service.js') },
          output: { path: out, publicPath: '/' },
          performance: { hints: false },
        },
        (error, found) => (error ? reject(error) : resolve(found)),
      ),
    );
    const { errors, warnings } = stats.toJson({ errors: true, warnings: true });
    const said = [...errors, ...warnings].map(({ message }) => message);
    if (said.length > 0) throw new Error(`webpack: ${said.join('\n')}`);
  },
  async next(_load, app, out) {
    mkdirSync(join(app, 'app'));
    for (const name of ['layout.jsx', 'page.jsx']) cpSync(join(here, 'next', name), join(app, 'app', name));
    writeFileSync(join(app, 'next.config.mjs'), "export default { output: 'export', experimental: { cpus: 1 } };\n");
    process.env.NEXT_TELEMETRY_DISABLED = '1';
    run(app, process.execPath, 'node_modules/next/dist/bin/next', 'build', '--webpack');
    cpSync(join(app, 'out'), out, { recursive: true });
  },
};

/** Serves `folder` under a policy that forbids WebAssembly. */
function serving(folder, bundler) {
  return ({ pathname }) => {
    const path = pathname === '/' ? '/index.html' : pathname;
    const headers = {
      'content-type': TYPES[extname(path)] ?? 'application/octet-stream',
      'content-security-policy': policy(bundler),
    };
    try {
      return new Response(readFileSync(join(folder, normalize(path))), { headers });
    } catch {
      return new Response('', { status: 404, headers });
    }
  };
}

/** An app of packed packages and one bundler. Installing takes most of the time, so that it goes on beside a build. */
async function makeApp(scratch, tarballs, bundler) {
  const app = join(scratch, bundler);
  cpSync(join(here, 'app'), app, { recursive: true });
  cpSync(join(here, '../hermes/federations.mjs'), join(app, 'federations.mjs'));
  const ours = Object.fromEntries(PACKAGES.map((name) => [`@fedkit/${name}`, tarballs[`@fedkit/${name}`]]));
  // Finds what is installed here.
  writeFileSync(join(app, 'load.mjs'), 'export const load = (name) => import(name);\n');
  const manifest = { private: true, type: 'module', dependencies: { ...ours, ...BUNDLERS[bundler] }, overrides: ours };
  writeFileSync(join(app, 'package.json'), JSON.stringify(manifest));
  await promisify(execFile)('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund'], { cwd: app });
  return app;
}

const chromium = findBrowser('Chromium');
if (chromium === undefined) {
  console.log('Chromium is not installed here: nothing was built.');
  process.exit(0);
}
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in BUNDLERS));
if (unknown.length > 0)
  throw new Error(`bundlers: expected ${Object.keys(BUNDLERS).join(', ')}, got ${unknown.join(', ')}`);
const scratch = mkdtempSync(join(tmpdir(), 'fedkit-bundlers-'));
try {
  const tarballs = Object.fromEntries(
    packAll(scratch, PACKAGES).map(({ manifest, tarball }) => [manifest.name, `file:${tarball}`]),
  );
  let onNode;
  console.log('| bundler | in a worker | in a service worker |\n|---|---|---|');
  const waiting = [...(wanted.length > 0 ? wanted : Object.keys(BUNDLERS))];
  const begin = () => {
    if (waiting.length === 0) return undefined;
    const bundler = waiting.shift();
    const app = makeApp(scratch, tarballs, bundler);
    // Awaited below.
    app.catch(() => {});
    return { bundler, app };
  };
  let next = begin();
  while (next !== undefined) {
    const { bundler } = next;
    const app = await next.app;
    next = begin();
    const { federations } = await import(pathToFileURL(join(app, 'federations.mjs')));
    onNode ??= await federations();
    const out = join(scratch, `${bundler}-out`);
    mkdirSync(out);
    writeFileSync(join(out, 'index.html'), HTML);
    const { load } = await import(pathToFileURL(join(app, 'load.mjs')));
    await builds[bundler](load, app, out);
    const { error, worker, service } = await visit(chromium, { respond: serving(out, bundler) });
    const verdict = (models) => {
      if (models === undefined) return bundler === 'next' ? '–' : 'MISSING';
      if (models.error !== undefined) return `FAILED: ${models.error}`;
      const published = Object.values(models).every(({ outcomes }) =>
        outcomes.every((outcome) => outcome === 'published'),
      );
      const same = published && models.plain.digest === onNode.plain.digest;
      return same ? `${Object.keys(models).length} federations, the plain one to the bytes of Node` : 'DIFFERENT';
    };
    const said = [verdict(worker), verdict(service)];
    console.log(`| ${bundler} | ${said.join(' | ')} |`);
    if (error !== undefined) console.error(`${bundler}: ${error}`);
    if (error !== undefined || said.some((words) => /[A-Z]{6}/.test(words))) process.exitCode = 1;
    rmSync(app, { recursive: true, force: true });
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
