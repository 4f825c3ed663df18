// A thread of the sources: folds for the pipeline of the tests, on blobs in the folder that it was given, and dies where told.
import * as fs from 'node:fs/promises';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { register } from 'tsx/esm/api';

register();
const { callTask, foldTasks, serveTasks, storeBlobs } = await import('../../src/engine/index.ts');
const { fileStore } = await import('../../src/store/file-store.ts');
const { plain } = await import('../round/federation.ts');
const { folder } = workerData;
serveTasks(parentPort, {
  blobs: storeBlobs(fileStore(fs, folder)),
  handlers: {
    ...foldTasks(plain()),
    // Dies as often as it is told, and answers then.
    die: callTask(({ name, deaths }) => {
      for (let i = 0; i < deaths; i++) {
        const file = join(folder, `${name}-${i}.died`);
        if (existsSync(file)) continue;
        writeFileSync(file, '');
        process.exit(1);
      }
      return `${name} lives`;
    }),
    wait: callTask(
      (_, signal) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('told')))),
    ),
    fail: callTask(() => {
      throw new TypeError('no task of mine');
    }),
  },
});
