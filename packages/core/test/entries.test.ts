import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const root = new URL('../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');

/** The names that an entry exports. */
const namesOf = (text: string) =>
  [...text.matchAll(/export (?:type )?\{([^}]*)\}/g)].flatMap(([, list]) =>
    list
      .split(',')
      .map((name) => name.trim().replace(/^type /, ''))
      .filter((name) => name !== ''),
  );

const entries = Object.entries(
  (JSON.parse(read('package.json')) as { exports: Record<string, string | { '@fedkit/source': string }> }).exports,
).flatMap(([entry, target]) => (typeof target === 'string' ? [] : [[entry, target['@fedkit/source']] as const]));

test('the main entry has at most 200 names, each once', () => {
  const names = namesOf(read('src/index.ts'));
  expect(names.length).toBeLessThanOrEqual(200);
  expect(names.length).toBeGreaterThan(100);
  expect(new Set(names).size).toBe(names.length);
});

test('entries of rooms re-export, and hold no code', () => {
  for (const [, source] of entries.filter(([, path]) => path.endsWith('/index.ts') || path.endsWith('/extend.ts'))) {
    const code = read(source)
      .replace(/\/\*[^]*?\*\//g, '')
      .replace(/\/\/.*/g, '');
    expect(code.replace(/export (type )?\{[^}]*\} from '[^']*';/g, '').trim(), source).toBe('');
  }
});

test('what the main entry has, an entry of its room has too', () => {
  const rooms = ['aggregate', 'algorithm', 'device', 'pipeline', 'protocol', 'round', 'select', 'server', 'secure'];
  const main = read('src/index.ts');
  for (const room of rooms) {
    const here = new Set(namesOf(read(`src/${room}/index.ts`)));
    for (const [, list] of main.matchAll(new RegExp(`export (?:type )?\\{([^}]*)\\} from '\\./${room}/`, 'g'))) {
      for (const name of namesOf(`export {${list}}`)) expect(here.has(name), `${name} in ${room}`).toBe(true);
    }
  }
});
