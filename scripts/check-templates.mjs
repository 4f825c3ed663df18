// Makes a project of every template of create-fedkit, by the packed command and from packed packages, in a fresh folder, and holds it
// to its own type check and test: node scripts/check-templates.mjs [template…]
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packAll, root, run } from './packed.mjs';

const install = ['install', '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund'];
const scratch = mkdtempSync(join(tmpdir(), 'fedkit-templates-'));

/** The manifest, with every package of ours, also the ones that others of ours ask for, taken from here. */
function fromTarballs(manifest, tarballs) {
  const ours = Object.keys(manifest.dependencies).filter((name) => name in tarballs);
  if (ours.length === 0) throw new Error(`${manifest.name}: expected a dependency on fedkit, got none`);
  const dependencies = { ...manifest.dependencies, ...Object.fromEntries(ours.map((name) => [name, tarballs[name]])) };
  return { ...manifest, dependencies, overrides: tarballs };
}

try {
  const tarballs = Object.fromEntries(
    packAll(scratch).map(({ manifest, tarball }) => [manifest.name, `file:${tarball}`]),
  );
  const wanted = process.argv.slice(2);
  const templates = readdirSync(join(root, 'packages/create-fedkit/templates')).filter(
    (name) => wanted.length === 0 || wanted.includes(name),
  );
  writeFileSync(join(scratch, 'package.json'), JSON.stringify({ private: true }));
  run(scratch, 'npm', ...install, tarballs['create-fedkit']);
  for (const template of templates) {
    const start = performance.now();
    const name = `${template}-app`;
    console.log(run(scratch, join(scratch, 'node_modules/.bin/create-fedkit'), name, '--template', template).trim());
    const project = join(scratch, name);
    const file = join(project, 'package.json');
    const manifest = fromTarballs(JSON.parse(readFileSync(file, 'utf8')), tarballs);
    writeFileSync(file, JSON.stringify(manifest));
    run(project, 'npm', ...install);
    run(project, 'npm', 'run', 'check');
    console.log(run(project, 'npm', 'test').trim());
    console.log(`template ${template}: ${((performance.now() - start) / 1000).toFixed(1)} s`);
  }
  if (templates.length === 0) throw new Error(`expected a template, got ${wanted.join(', ')}`);
  console.log(`templates: ${templates.join(', ')} install from tarballs, type-check, and pass their tests.`);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
