// Copies the pages of the repository into a folder for VitePress, with links as the site has them.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, normalize, posix } from 'node:path';
import { HOME } from './home.mjs';
import { PAGES, SECTIONS } from './pages.mjs';

const here = import.meta.dirname;
const root = join(here, '../..');
const { repository } = JSON.parse(readFileSync(join(root, 'packages/core/package.json'), 'utf8'));
/** Where files stand that the site does not show. */
const FORGE = repository.url.replace(/^git\+/, '').replace(/\.git$/, '');

/** Pages under README's of examples come too, though no menu names them. */
const examples = readdirSync(join(root, 'examples'))
  .map((name) => `examples/${name}/README.md`)
  .filter((file) => existsSync(join(root, file)))
  .map((file) => [file, file.replace('/README.md', '')]);
const pathOf = new Map([...PAGES.map(([, file, path]) => [file, path]), ...examples]);

/** @returns The paths of the pages, from the root of the site. */
export function assemble(target) {
  const pictures = new Map();
  for (const [file, path] of pathOf) {
    const text = readFileSync(join(root, file), 'utf8');
    const to = join(target, `${path}.md`);
    mkdirSync(dirname(to), { recursive: true });
    writeFileSync(to, page(text, file, pictures));
  }
  for (const [file, name] of pictures) {
    mkdirSync(join(target, 'public/pictures'), { recursive: true });
    cpSync(join(root, file), join(target, 'public/pictures', name));
  }
  writeFileSync(join(target, 'index.md'), `---\n${JSON.stringify(HOME)}\n---\n`);
  for (const name of ['playground.md', 'codecs.md', 'epsilon.md'])
    writeFileSync(join(target, name), `---\noutline: false\n---\n\n${readFileSync(join(here, name), 'utf8')}`);
  cpSync(join(here, 'theme'), join(target, '.vitepress/theme'), { recursive: true });
  cpSync(join(here, 'config.mjs'), join(target, '.vitepress/config.mjs'));
  writeFileSync(join(target, '.vitepress/sections.json'), JSON.stringify(SECTIONS));
  return [...pathOf.values(), 'index', 'playground', 'codecs', 'epsilon'];
}

function page(text, file, pictures) {
  const parts = text.split(/(^```[\s\S]*?^```)/m);
  return parts.map((part, i) => (i % 2 === 1 ? code(part) : escape(links(part, file, pictures)))).join('');
}

/** Marks of the documentation test are no languages. */
function code(block) {
  return block.replace(/^```ts (?:browser|sketch)/, '```ts');
}

/** Vue would read `{{` and what looks like a tag outside code. Comments and entities stay. */
function escape(text) {
  return text
    .split(/(`[^`\n]*`|<!--[\s\S]*?-->)/)
    .map((part, i) =>
      i % 2 === 1 ? guarded(part) : part.replaceAll(/<(?!\/?(?:br|sub|sup|details|summary|img|a)\b)/g, '&lt;'),
    )
    .join('');
}

/** In-line code with braces that Vue would evaluate. */
function guarded(part) {
  return part.includes('{{') ? `<span v-pre>${part}</span>` : part;
}

function links(text, file, pictures) {
  const found = (path) => posix.normalize(posix.join(posix.dirname(file), path)).replace(/\/$/, '');
  const shown = (path) => {
    const name = path.replaceAll('/', '-');
    pictures.set(normalize(path), name);
    return `/pictures/${name}`;
  };
  const tags = text.replaceAll(/ src="([^"]+)"/g, (_, path) => ` src="${shown(found(path))}"`);
  return tags.replaceAll(/(!?)\[((?:[^[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)/g, (whole, picture, label, to) => {
    if (/^(?:[a-z]+:|#|\/)/.test(to)) return whole;
    const [path, anchor = ''] = to.split('#');
    const target = found(path);
    if (picture === '!') return `![${label}](${shown(target)})`;
    const known = pathOf.get(target) ?? pathOf.get(`${target}/README.md`);
    if (known !== undefined) return `[${label}](/${known}${anchor === '' ? '' : `#${anchor}`})`;
    if (!existsSync(join(root, target))) throw new Error(`${file} links to ${to}, which is not there`);
    const kind = statSync(join(root, target)).isDirectory() ? 'tree' : 'blob';
    return `[${label}](${FORGE}/${kind}/main/${target})`;
  });
}
