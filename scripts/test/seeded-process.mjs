// Loaded into processes and threads that a test starts, where NODE_OPTIONS in their environment is "--import" with this file: what they
// draw follows from FEDKIT_SEED and from FEDKIT_STREAM, by which one start is told from another, or else from the command line and the
// thread's number.
import { threadId } from 'node:worker_threads';
import { drawFrom, streamOf } from './seeded-random.mjs';

const { FEDKIT_SEED = '1', FEDKIT_STREAM = [...process.argv.slice(1), threadId].join('\n') } = process.env;
drawFrom(streamOf(`${FEDKIT_SEED}\n${FEDKIT_STREAM}`));
