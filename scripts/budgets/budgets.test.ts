import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SEEDED } from '../test/seeded-children.ts';
import { bundleOf } from './bundle.ts';
import { BUDGETS } from './bundles.ts';
import { PAGE } from './sizes.ts';

const root = join(import.meta.dirname, '../..');

/** Rounds, rules, collectors, server optimizers, the server's end of transports, and what Node alone has. */
const SERVER_HALF =
  /^packages\/core\/src\/(round|server|engine|select|simulation|telemetry|aggregate\/robust|native-sha256\.ts|transport\/(node|fetch\/(handler|cause\.ts)|intake|gate))\b/;

describe('a bundle of', () => {
  const page = readFileSync(PAGE, 'utf8');

  it.each(BUDGETS)('$name is at most $maximum bytes compressed', ({ name, lines, maximum, client }) => {
    const { bytes, modules } = bundleOf(lines);
    expect(bytes).toBeLessThanOrEqual(maximum);
    // A limit that nothing comes near holds nothing.
    expect(bytes).toBeGreaterThan(0.9 * maximum);
    expect(modules.length).toBeGreaterThan(10);
    // docs/sizes.md is written by a command now and then.
    const section = page.split('\n## ').find((text) => text.startsWith(`${name}\n`));
    const told = Number(/\| all +\| +(\d+) \|/.exec(section ?? '')?.[1]);
    expect(Math.abs(told / bytes - 1)).toBeLessThan(0.03);
    if (client) expect(modules.map(({ path }) => path).filter((path) => SERVER_HALF.test(path))).toEqual([]);
  });

  it('an accountant of Gaussian noise has no other noise, and one that parses events all of it', () => {
    const kindsOf = (lines: string) =>
      bundleOf(lines)
        .modules.map(({ path }) => /event\/kinds\/([\w-]+)\.ts$/.exec(path)?.[1])
        .filter((kind) => kind !== undefined)
        .sort();
    const own = BUDGETS.find(({ name }) => name === 'PLD accountant')?.lines ?? '';
    expect(kindsOf(own)).toEqual(['gaussian', 'poisson-sampled']);
    const all = readdirSync(join(root, 'packages/privacy/src/event/kinds')).map((file) => file.replace('.ts', ''));
    expect(kindsOf("export { parseEvent } from '@fedkit/privacy';")).toEqual(all.sort());
  });

  it('a server has what the pattern of the server half names', () => {
    const { modules } = bundleOf(
      "import { federatedServer } from '@fedkit/core'; export const server = federatedServer;",
    );
    expect(modules.filter(({ path }) => SERVER_HALF.test(path)).length).toBeGreaterThan(10);
  });
});

describe('importing a package', () => {
  const packages = readdirSync(join(root, 'packages'));

  it.each(packages)('%s changes no global, starts no timer and opens nothing', (name) => {
    const manifest = JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8')) as {
      readonly name: string;
      readonly exports: Readonly<Record<string, { readonly default?: string }>>;
    };
    // TensorFlow.js, which its entries reach, is not ours.
    const entries = Object.entries(manifest.exports)
      .filter(([path, { default: target }]) => target !== undefined && !path.startsWith('./tfjs'))
      .map(([, { default: target }]) => join(root, 'packages', name, target as string));
    expect(entries.length).toBeGreaterThan(0);
    const script = `
      const shapes = () => [
        ...Reflect.ownKeys(globalThis).map((key) => 'global ' + String(key)),
        ...['Array', 'Object', 'Function', 'Promise', 'Map', 'Set', 'Uint8Array', 'Float32Array', 'String', 'Number', 'Math', 'JSON', 'Symbol', 'BigInt', 'Request', 'Response', 'Headers']
          .flatMap((name) => [globalThis[name], globalThis[name].prototype ?? {}].flatMap((of) => Reflect.ownKeys(of).map((key) => name + ' ' + String(key)))),
        ...process.eventNames().map((event) => 'listener ' + String(event)),
        ...process.getActiveResourcesInfo().filter((kind) => !/Pipe|TTY|FS|CloseReq/.test(kind)),
      ].sort();
      // What Node itself makes when it is first asked for.
      for (const key of Reflect.ownKeys(globalThis)) globalThis[key];
      const before = new Set(shapes());
      for (const entry of ${JSON.stringify(entries)}) await import(entry);
      console.log(JSON.stringify(shapes().filter((shape) => !before.has(shape))));`;
    const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
      env: { ...process.env, ...SEEDED },
    });
    // The library under @fedkit/bullmq brings tslib's helpers, as globals; what is not ours is not held to this.
    const found = (JSON.parse(output) as string[]).filter(
      (shape) => !/^global __[a-zA-Z]+$/.test(shape) || name !== 'bullmq',
    );
    expect(found).toEqual([]);
  });
});
