// The packages as tarballs, as the registry would have them.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** What a command prints. Prints what a command that fails has said, and throws. */
export function run(cwd, command, ...args) {
  try {
    return execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    console.error(`${command} ${args.join(' ')}\n${error.stdout}\n${error.stderr}`);
    throw new Error(`${command} failed in ${cwd}`, { cause: error });
  }
}

/** Packs every package, or those of `names`, into `folder`: its manifest, and where its tarball lies. */
export function packAll(folder, names = readdirSync(join(root, 'packages'))) {
  return names.map((name) => {
    const directory = join(root, 'packages', name);
    const manifest = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
    // A package without its code packs as well, and fails where it is used.
    if (manifest.files?.includes('dist') && !existsSync(join(directory, 'dist')))
      throw new Error(`packages/${name}: expected dist, which \`run build\` makes, got none`);
    run(directory, 'pnpm', 'pack', '--pack-destination', folder);
    const tarball = join(folder, `${manifest.name.replace('@', '').replace('/', '-')}-${manifest.version}.tgz`);
    return { manifest, tarball };
  });
}
