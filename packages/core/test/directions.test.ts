import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const SOURCE = fileURLToPath(new URL('../src/', import.meta.url));

/** Floors, bottom up. A room imports what lies below it, types included; rooms of one floor do not know of each other. */
const FLOORS = [
  ['.'],
  ['math', 'kernels', 'store', 'model', 'telemetry'],
  ['checkpoint'],
  ['codec'],
  ['aggregate'],
  ['client', 'server', 'select', 'secure'],
  ['algorithm'],
  ['pipeline', 'tfjs'],
  ['protocol', 'simulation'],
  ['engine'],
  ['transport', 'device', 'round'],
];
/** Suites for other people's parts: they see every contract, and nothing but tests sees them. */
const SUITES = 'conformance';

const roomOf = (file: string) => (file.includes(sep) ? file.split(sep)[0] : '.');

/** Every import between two rooms. Entries (`index.ts`, files of the root that only re-export) open onto any room. */
function crossings(): { from: string; to: string; file: string }[] {
  const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !/\.test\.ts$|(^|[\\/])index\.ts$|^internal\.ts$|^extend/.test(file),
  );
  return files.flatMap((file) =>
    [...readFileSync(join(SOURCE, file), 'utf8').matchAll(/\bfrom '(\.[^']*)'|\bimport\('(\.[^']*)'\)/g)].flatMap(
      ([, named, dynamic]) => {
        const [from, to] = [roomOf(file), roomOf(relative(SOURCE, join(SOURCE, dirname(file), named ?? dynamic)))];
        return from === to ? [] : [{ from, to, file: `${file} → ${named ?? dynamic}` }];
      },
    ),
  );
}

test('no import runs up, nor from one room of a floor to the next', () => {
  const floor = (room: string) => FLOORS.findIndex((rooms) => rooms.includes(room));
  const found = crossings();
  expect(found.length).toBeGreaterThan(500);
  for (const { from, to } of found) {
    for (const room of [from, to]) expect(room === SUITES || floor(room) >= 0, `${room} has a floor`).toBe(true);
  }
  const wrong = found.filter(({ from, to }) => from !== SUITES && (to === SUITES || floor(to) >= floor(from)));
  expect(wrong.map(({ file }) => file)).toEqual([]);
});

test('the map of the house has every room', () => {
  const map = readFileSync(new URL('../../../CONTRIBUTING.md', import.meta.url), 'utf8');
  for (const room of [...FLOORS.flat(), SUITES].filter((name) => name !== '.' && name !== 'kernels')) {
    expect(map).toContain(`| \`packages/core/src/${room}\` `);
  }
});
