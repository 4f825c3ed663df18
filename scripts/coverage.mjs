// How much of each package its own tests run: coverage [--reports FOLDER] [package ...]. With a folder there is FOLDER/<package>/lcov.info
// in the end, line by line. The provider is fetched into a temporary folder: the workspace does not install it.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { run } from './packed.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const { version } = createRequire(import.meta.url)('vitest/package.json');
const every = readdirSync(join(root, 'packages'));
const { values, positionals: asked } = parseArgs({
  options: { reports: { type: 'string' } },
  allowPositionals: true,
});
const unknown = asked.find((name) => !every.includes(name));
if (unknown !== undefined) throw new Error(`expected ${every.join(', ')}, got ${unknown}`);

const folder = mkdtempSync(join(tmpdir(), 'fedkit-coverage-'));
try {
  const provider = `@vitest/coverage-v8@${version}`;
  run(folder, 'npm', 'install', '--no-audit', '--no-fund', '--ignore-scripts', '--legacy-peer-deps', provider);
  // The provider extends classes of the vitest that runs.
  symlinkSync(join(root, 'node_modules/vitest'), join(folder, 'node_modules/vitest'), 'dir');
  console.log('| package | statements | lines | branches | functions |\n|---|---:|---:|---:|---:|');
  for (const name of asked.length > 0 ? asked : every) {
    const reports = values.reports === undefined ? join(folder, name) : resolve(values.reports, name);
    const coverage = {
      enabled: true,
      provider: 'custom',
      customProviderModule: join(folder, 'node_modules/@vitest/coverage-v8/dist/index.js'),
      include: `packages/${name}/src/**/*.ts`,
      exclude: '**/*.{test,wasm}.ts',
      reportsDirectory: reports,
    };
    const words = [
      ...Object.entries(coverage).map(([option, value]) => `--coverage.${option}=${value}`),
      ...['json-summary', 'lcovonly'].map((reporter) => `--coverage.reporter=${reporter}`),
    ];
    const vitest = join(root, 'node_modules/vitest/vitest.mjs');
    const command = [vitest, 'run', '--config', 'vitest.workspace.ts', '--reporter=dot', '--project', name, ...words];
    const { status } = spawnSync(process.execPath, command, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
    if (status !== 0) throw new Error(`the tests of ${name} fail`);
    const { total } = JSON.parse(readFileSync(join(reports, 'coverage-summary.json'), 'utf8'));
    const shares = ['statements', 'lines', 'branches', 'functions'].map((of) => `${total[of].pct} %`);
    console.log(`| ${name} | ${shares.join(' | ')} |`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
