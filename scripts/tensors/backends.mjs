// Training on TensorFlow.js' backends for graphics processors, on SwiftShader, which Debian's Chromium brings: the same model as on
// WebAssembly to 1e-4, nothing read back between steps. How fast a processor draws says nothing, so no time is told.
import { copyFileSync, cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { BrowserUnavailable, findBrowser, runInPage } from '../browser/browsers.mjs';
import { run } from '../packed.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const VERSION = '4.22.0';
const BACKENDS = ['core', 'backend-wasm', 'backend-webgl', 'backend-webgpu'].map((name) => `@tensorflow/tfjs-${name}`);
export const TOLERANCE = 1e-4;
const FLAGS = [
  '--ignore-gpu-blocklist',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--enable-features=Vulkan',
];

/**
 * What came of each backend: `absent` with the reason where there is none; else the largest difference from WebAssembly's parameters,
 * how far they moved, and what was read back while training so many steps and twice as many.
 *
 * @throws {@link BrowserUnavailable}
 */
export async function tensorBackends() {
  const browser = findBrowser('Chromium');
  if (browser === undefined) throw new BrowserUnavailable('Chromium is not installed here');
  const app = mkdtempSync(join(tmpdir(), 'fedkit-tensors-'));
  try {
    const dependencies = Object.fromEntries(BACKENDS.map((name) => [name, VERSION]));
    writeFileSync(join(app, 'package.json'), JSON.stringify({ private: true, type: 'module', dependencies }));
    run(app, 'npm', 'install', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts');
    copyFileSync(join(here, 'train.mjs'), join(app, 'train.mjs'));
    const bundle = join(app, 'bundle');
    await build({
      entryPoints: [join(app, 'train.mjs')],
      outdir: bundle,
      bundle: true,
      format: 'esm',
      platform: 'browser',
      // TensorFlow.js asks for these where it runs on Node.
      external: ['node:*'],
      alias: {
        '@fedkit/core/tfjs': join(here, '../../packages/core/dist/tfjs/index.js'),
        '@fedkit/core': join(here, '../../packages/core/dist/index.js'),
      },
      logLevel: 'error',
    });
    const kernels = join(app, 'node_modules/@tensorflow/tfjs-backend-wasm/dist');
    for (const name of ['tfjs-backend-wasm.wasm', 'tfjs-backend-wasm-simd.wasm'])
      cpSync(join(kernels, name), join(bundle, name));
    return await runInPage(browser, { module: '/bundle/train.js', bundle, flags: FLAGS });
  } finally {
    rmSync(app, { recursive: true, force: true });
  }
}

/** A table of it. @returns Whether every backend that is here kept to what is promised. */
export async function reportTensorBackends() {
  console.log(
    `\n| TensorFlow.js in Chromium | from WebAssembly's parameters | reads, at once, in 20 and 40 steps |\n|---|---:|---:|`,
  );
  let good = true;
  for (const [name, found] of Object.entries(await tensorBackends())) {
    if (found.absent !== undefined) {
      console.log(`| ${name} | skipped: ${found.absent} | |`);
      continue;
    }
    const { difference, moved, reads, atOnce, leaked } = found;
    const counted = `${reads.join(' and ')}, ${atOnce.join(' and ')} at once`;
    console.log(`| ${name} | ${difference.toExponential(1)} | ${counted} |`);
    // WebAssembly's memory is the page's own: there reading at once waits for nothing.
    const waits = name === 'WebAssembly' ? 0 : Math.max(...atOnce);
    const kept = difference <= TOLERANCE && moved > 0.01 && reads[0] === reads[1] && waits === 0;
    if (!kept || leaked !== 0) {
      console.error(`${name}: not what is promised: ${JSON.stringify(found)}`);
      good = false;
    }
  }
  return good;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href && !(await reportTensorBackends())) process.exitCode = 1;
