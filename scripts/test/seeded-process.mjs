// Loaded into processes and threads that a test starts, where NODE_OPTIONS in their environment is "--import" with this file: what they
// draw follows from FEDKIT_SEED and from FEDKIT_STREAM, by which one start is told from another, or else from the command line and the
// thread's number. Neither where the repository is nor what a temporary folder is called changes it.
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { threadId } from 'node:worker_threads';
import { drawFrom, streamOf } from './seeded-random.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
function withoutPlaces(word) {
  const [before, ...behind] = word.replaceAll(root, '').split(`${tmpdir()}/`);
  return [before, ...behind.map((path) => path.replace(/^[^/]*/, ''))].join('');
}

const words = [...process.argv.slice(1).map(withoutPlaces), threadId];
const { FEDKIT_SEED = '1', FEDKIT_STREAM = words.join('\n') } = process.env;
drawFrom(streamOf(`${FEDKIT_SEED}\n${FEDKIT_STREAM}`));
