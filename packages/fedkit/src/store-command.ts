/**
 * `fedkit store`: what is done to a run's directory beside serving from it.
 *
 * @module
 */
import * as fs from 'node:fs/promises';
import { isAbsolute, relative, sep } from 'node:path';
import { print } from './print.ts';
import { FedkitError, fileStore, type Store } from '@fedkit/core';
import { backupStore, migrateStore, restoreStore, type StoreReport, verifyStore } from '@fedkit/core/round';

/** What can be done. */
export type StoreAction = 'verify' | 'backup' | 'restore' | 'migrate';

const COPIES = { backup: backupStore, restore: restoreStore, migrate: migrateStore };

/**
 * Does it to `directory`, and prints what it found.
 *
 * @param into - A directory without files, for all but `verify`.
 * @returns The exit code: 1 where something is at fault.
 */
export async function storeCommand(
  action: StoreAction,
  directory: string,
  into: string | undefined,
  { json = false, write = print }: { readonly json?: boolean; readonly write?: (line: string) => void } = {},
): Promise<number> {
  const store = await existing(directory);
  const way = into && relative(directory, into);
  // A name may begin with two dots too; another drive is absolute.
  if (way !== undefined && way.split(sep)[0] !== '..' && !isAbsolute(way)) {
    throw new FedkitError('INVALID_ARGUMENT', `fedkit store: expected a directory outside ${directory}, got ${into}`);
  }
  const report: StoreReport =
    action === 'verify' ? await verifyStore(store) : await COPIES[action](store, fileStore(fs, into as string));
  if (json) {
    write(JSON.stringify(report));
  } else {
    const kibibytes = Math.ceil(report.bytes / 1024);
    write(`${into ?? directory}: ${report.keys} keys, ${kibibytes} KiB, ${report.faults.length} faults`);
    for (const { key, problem } of report.faults) write(`${key}: ${problem}`);
  }
  if (report.keys === 0 && action === 'verify') {
    throw new FedkitError('INVALID_ARGUMENT', `fedkit store: ${directory}: expected a run, got none`);
  }
  return report.faults.length === 0 ? 0 : 1;
}

/** A directory that is mistyped is no empty store. */
async function existing(directory: string): Promise<Store> {
  const found = await fs.stat(directory).catch(() => undefined);
  if (!found?.isDirectory()) {
    throw new FedkitError('INVALID_ARGUMENT', `fedkit store: expected a directory, got none at ${directory}`);
  }
  return fileStore(fs, directory);
}
