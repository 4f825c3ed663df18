import { join } from 'node:path';
import { build } from 'esbuild';
import { expect, it } from 'vitest';

/** Training and masking. */
const WORK =
  /packages\/secagg\/|@noble\/(ciphers|curves)|@tensorflow|plain-trainer|tensor-trainer|page\/(participant|trainer)\.ts/;

/** The modules that a script of the page can load, at once or later. */
async function modulesOf(name: string): Promise<string[]> {
  const { metafile } = await build({
    entryPoints: [join(import.meta.dirname, 'page', name)],
    bundle: true,
    splitting: true,
    outdir: '/',
    format: 'esm',
    conditions: ['@fedkit/source'],
    metafile: true,
    write: false,
    logLevel: 'error',
  });
  return Object.values(metafile.outputs).flatMap(({ inputs }) =>
    Object.entries(inputs)
      .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
      .map(([path]) => path),
  );
}

it("the page's own thread has nothing that trains or masks, the worker has it all", async () => {
  const matches = async (name: string) => (await modulesOf(name)).filter((path) => WORK.test(path));
  expect(await matches('page.ts')).toEqual([]);
  expect((await matches('worker.ts')).length).toBeGreaterThan(20);
});
