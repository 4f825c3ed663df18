// What the changesets make of the next release: version 0.2.0 of every package, with notes that name every break and its new name.
// A break is a name or member that 0.1.0 exported (names-0.1.0.json), and that its entry no longer does.
import { cpSync, existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, run } from '../packed.mjs';
import { namesOf } from './names.mjs';

const NEXT = '0.2.0';
const PAGE = 'docs/upgrading.md';

/** `@fedkit/core/round` is of `@fedkit/core`. */
function packageOf(entry) {
  return entry.split('/', entry.startsWith('@') ? 2 : 1).join('/');
}

/** Entries from which each name of a package can be imported, and all members that it has in any of them. */
function places(names) {
  const found = new Map();
  for (const [entry, exported] of Object.entries(names)) {
    for (const [name, members] of Object.entries(exported)) {
      const key = `${packageOf(entry)} ${name}`;
      const { entries = [], members: more = [] } = found.get(key) ?? {};
      found.set(key, { entries: [...entries, entry], members: [...more, ...members] });
    }
  }
  return found;
}

/** Every break: what is gone, and the entries that a moved name has now. */
export function breaks(before, now) {
  const found = places(now);
  return Object.entries(before).flatMap(([entry, exported]) =>
    Object.entries(exported).flatMap(([name, members]) => {
      const { entries, members: present } = found.get(`${packageOf(entry)} ${name}`) ?? {};
      if (entries === undefined) return [{ entry, name }];
      const gone = members
        .filter((member) => !present.includes(member))
        .map((member) => ({ entry, name: member, of: name }));
      return entries.includes(entry) ? gone : [{ entry, name, entries }, ...gone];
    }),
  );
}

/** Breaks that no line of the page or of the notes names; a moved name must stand in the section of an entry that has it. */
export function unnamed(all, page, notes) {
  const code = (text, name) => [...text.matchAll(/`([^`]*)`/g)].some(([, words]) => words.split(/\W+/).includes(name));
  const sections = page.split(/^(?=\| `)/m);
  return all.filter(({ name, entries }) => {
    if (entries === undefined) return !code(page, name) && !code(notes, name);
    return !sections.some((row) => entries.some((entry) => row.includes(`\`${entry}\``)) && code(row, name));
  });
}

/** The repository's manifests and changesets, where `changeset version` may write. */
function copyTo(folder) {
  for (const file of ['package.json', 'pnpm-workspace.yaml', '.changeset']) {
    cpSync(join(root, file), join(folder, file), { recursive: true });
  }
  const packages = readdirSync(join(root, 'packages'));
  for (const name of packages) {
    for (const file of ['package.json', 'CHANGELOG.md']) {
      const from = join(root, 'packages', name, file);
      if (existsSync(from)) cpSync(from, join(folder, 'packages', name, file));
    }
  }
  for (const name of ['examples', 'bench', 'docs']) {
    cpSync(join(root, name, 'package.json'), join(folder, name, 'package.json'));
  }
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  return packages;
}

export async function notes(_packed, folder) {
  const packages = copyTo(folder);
  writeFileSync(join(folder, '.gitignore'), 'node_modules\n');
  run(folder, 'git', 'init', '-q', '-b', 'main');
  run(folder, process.execPath, join(root, 'node_modules/@changesets/cli/bin.js'), 'version');
  const texts = packages.map((name) => {
    const { version } = JSON.parse(readFileSync(join(folder, 'packages', name, 'package.json'), 'utf8'));
    if (version !== NEXT) throw new Error(`${name}: expected version ${NEXT}, got ${version}`);
    const log = readFileSync(join(folder, 'packages', name, 'CHANGELOG.md'), 'utf8');
    const [, own] = log.split(/^## /m);
    if (!own?.startsWith(NEXT)) throw new Error(`${name}: expected notes of ${NEXT} first, got ${own?.slice(0, 40)}`);
    return own;
  });
  const before = JSON.parse(readFileSync(join(import.meta.dirname, 'names-0.1.0.json'), 'utf8'));
  const all = breaks(before, namesOf(root));
  const silent = unnamed(all, readFileSync(join(root, PAGE), 'utf8'), texts.join('\n'));
  if (silent.length > 0) {
    const names = silent.map(({ entry, name, of }) => `${entry} ${of === undefined ? '' : `${of}.`}${name}`);
    throw new Error(
      `expected ${PAGE} or a changeset to name every break and its new name; none names\n  ${names.join('\n  ')}`,
    );
  }
  return `changesets give ${NEXT} of ${packages.length} packages; their notes and ${PAGE} name all ${all.length} names that moved or went`;
}
