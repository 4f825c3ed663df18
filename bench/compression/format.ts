// The golden vectors of the wire format through a decoder in numpy that was written from docs/wire-format.md alone.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const compression = join(import.meta.dirname, '../../packages/compression');
const { status, stdout, error } = spawnSync(
  process.env.PYTHON ?? 'python3',
  [
    join(import.meta.dirname, 'decode.py'),
    join(compression, 'test/vectors/golden.json'),
    join(compression, 'src/eden/centroids.ts'),
  ],
  { encoding: 'utf8' },
);
console.log(stdout?.trim() || `absent: ${error?.message ?? 'numpy is missing'}`);
process.exitCode = status === 1 && stdout ? 1 : 0;
