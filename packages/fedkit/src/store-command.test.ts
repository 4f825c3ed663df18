import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fedAvg, federatedServer, fileStore, plainUpdates, secureRng } from '@fedkit/core';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Command, CONFIG } from '../test/command.ts';
import { SEEDED } from '../../../scripts/test/seeded-children.ts';
import { slowness } from '../../core/test/slowness.ts';
import { storeCommand } from './store-command.ts';

let directory: string;
beforeEach(async () => {
  directory = await fs.mkdtemp(join(tmpdir(), 'fedkit-store-'));
});
afterEach(() => fs.rm(directory, { recursive: true }));

it('copies a run, and nothing from a directory without one', async () => {
  const run = join(directory, 'run');
  const pipeline = plainUpdates({ algorithm: fedAvg(), size: 2 });
  const options = { pipeline, initial: new Float32Array(2), cohort: 2, clock: Date.now, rng: secureRng() };
  await federatedServer({ ...options, store: fileStore(fs, run) });
  const said: string[] = [];
  const write = (line: string) => said.push(line);
  const copy = join(directory, 'copy');
  expect(await storeCommand('backup', run, copy, { write })).toBe(0);
  expect(await storeCommand('verify', copy, undefined, { write })).toBe(0);
  expect(said[1]).toMatch(/[1-9] keys, \d+ KiB, 0 faults$/);

  const empty = join(directory, 'not mounted');
  await fs.mkdir(empty);
  for (const action of ['verify', 'backup', 'restore', 'migrate'] as const) {
    const into = action === 'verify' ? undefined : join(directory, action);
    await expect(storeCommand(action, empty, into, { write })).rejects.toThrow(/expected a run/);
  }
  await expect(storeCommand('backup', join(directory, 'none'), copy)).rejects.toThrow('expected a directory, got none');
  for (const inside of ['copy', '..copy', '../run', '.']) {
    await expect(storeCommand('backup', run, join(run, inside))).rejects.toThrow('expected a directory outside');
  }
  expect(await storeCommand('backup', run, `${run}-2`, { write })).toBe(0);
});

it('says why a store or a certificate cannot be had, in one line', { timeout: 60_000 * slowness() }, async () => {
  const file = join(directory, 'file');
  await fs.writeFile(file, '');
  const store = new Command(['serve', CONFIG, '--no-flags'], { ...SEEDED, FEDKIT_TEST_STORE: file });
  expect(await store.end()).toBe(1);
  expect(store.errors).toMatch(/store: expected an answer, got a failure: E\w+: .*\n$/);
  const environment = { ...SEEDED, FEDKIT_TEST_STORE: join(directory, 'run'), FEDKIT_TEST_CERTIFICATE: directory };
  const certificate = new Command(['serve', CONFIG, '--no-flags'], environment);
  expect(await certificate.end()).toBe(1);
  expect(certificate.errors).toMatch(
    /^fedkit.config: tls.key: expected PEM or a file that holds it, got neither: ENOENT.*\n$/,
  );
});
