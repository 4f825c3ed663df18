// A thread of the server: adds up a shard of a round's reports. In JavaScript, since a thread has to load TypeScript's loader itself.
import * as fs from 'node:fs/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { register } from 'tsx/esm/api';
import { fileStore } from '@fedkit/core';
import { foldTasks, serveTasks, storeBlobs } from '@fedkit/core/engine';

register();
const { pipeline } = await import('./federation.ts');
serveTasks(parentPort, { blobs: storeBlobs(fileStore(fs, workerData.folder)), handlers: foldTasks(pipeline) });
