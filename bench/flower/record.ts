/**
 * Records two rounds of a node of ours on a real SuperLink, for engines that have no network.
 *
 * @module
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Flwr } from '../../packages/flower/test/flwr/processes.ts';

const root = join(import.meta.dirname, '../..');

/** Writes the vector anew. */
export async function record(environment: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'fedkit-bench-flower-'));
  const flwr = new Flwr(environment, folder);
  const file = join(root, 'packages/flower/test/vectors/superlink.json');
  try {
    const { port } = await flwr.superlink();
    await flwr.supernode(port, 0);
    const script = join(root, 'packages/flower/test/recorded/record.ts');
    const words = ['--import', 'tsx', '--conditions=@fedkit/source', script, `http://127.0.0.1:${port}`, file, '4'];
    const node = flwr.start(process.execPath, words, {}, root);
    await flwr.run(join(root, 'examples/flower/app'), port, { nodes: 2, rounds: 2, extras: true });
    await node.stop();
  } finally {
    await flwr.stop();
    rmSync(folder, { recursive: true, force: true });
  }
  return file;
}
