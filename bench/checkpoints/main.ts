// `pnpm bench checkpoints`: files of Python's writers read here, ours loaded there.
// `pnpm bench checkpoints vectors`: makes the files that the tests of core and compression read; needs Info-ZIP's `zip`.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { decodeNpz, encodeNpz } from '@fedkit/compression';
import { decodeSafetensors, encodeSafetensors, type ModelFile } from '@fedkit/core';
import { decodeNpy, encodeNpy } from '@fedkit/core/checkpoint';
import { zipArchive } from '../../packages/compression/src/npz/zip-archive.ts';

const here = dirname(fileURLToPath(import.meta.url));
const script = join(here, 'checkpoints.py');
const vectors = join(here, '../../packages/core/test/vectors/checkpoints.json');
const zip64 = join(here, '../../packages/compression/test/vectors/zip64.json');
const PACKAGES = ['numpy==2.4.6', 'safetensors==0.8.0', 'ml_dtypes==0.6.0', 'mlx[cpu]==0.32.4'];

interface Vector {
  readonly format: 'safetensors' | 'npz';
  readonly file: string;
  readonly values: Record<string, [type: string, shape: number[], hex: string]>;
}

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');

function written(model: ModelFile, format: Vector['format']): Uint8Array {
  return format === 'npz' ? encodeNpz(model) : encodeSafetensors({ ...model, types: model.types });
}

/** What Python must find in a file of ours: the same as in its own, but that `.npz` gets halves as float32. */
function expected({ format, values }: Vector, model: ModelFile): Vector['values'] {
  if (format !== 'npz') return values;
  return Object.fromEntries(
    Object.entries(values).map(([name, entry]) => {
      if (!model.layout.has(name)) return [name, entry];
      const bytes = model.layout.view(model.values, name).slice();
      return [name, ['F32', entry[1], Buffer.from(bytes.buffer).toString('hex')]];
    }),
  );
}

const scratch = mkdtempSync(join(tmpdir(), 'fedkit-checkpoints-'));
try {
  execFileSync('python3', ['-m', 'venv', join(scratch, 'venv')], { stdio: 'inherit' });
  const python = join(scratch, 'venv/bin/python');
  execFileSync(python, ['-m', 'pip', 'install', '-q', '--disable-pip-version-check', ...PACKAGES], {
    stdio: 'inherit',
  });
  if (process.argv[2] === 'vectors') {
    execFileSync(python, [script, 'make', vectors], { stdio: 'inherit' });
    execFileSync(python, [script, 'zip64', zip64], { stdio: 'inherit' });
  } else {
    const fresh = join(scratch, 'fresh.json');
    execFileSync(python, [script, 'make', fresh], { stdio: 'inherit' });
    const { files } = JSON.parse(readFileSync(fresh, 'utf8')) as { files: Record<string, Vector> };
    const ours: Record<string, Vector | { format: 'npy'; file: string; values: Vector['values'] }> = {};
    for (const [title, vector] of Object.entries(files)) {
      const bytes = Buffer.from(vector.file, 'base64');
      const model = vector.format === 'npz' ? decodeNpz(bytes, { void: 'bfloat16' }) : decodeSafetensors(bytes);
      if (vector.format === 'npz' && title.includes('void')) continue;
      const file = base64(written(model, vector.format));
      ours[`${title}, written by fedkit`] = { format: vector.format, file, values: expected(vector, model) };
    }
    const elements = Float32Array.of(1, 2, 3, 4, 5, 6);
    const array = { shape: [2, 3], type: 'F32', bytes: new Uint8Array(elements.buffer) };
    const hex = Buffer.from(array.bytes).toString('hex');
    for (const order of ['C', 'Fortran'] as const) {
      for (const byteOrder of ['little', 'big'] as const) {
        const file = encodeNpy(array, { order, byteOrder });
        if (Buffer.from(decodeNpy(file).bytes).toString('hex') !== hex)
          throw new Error(`${order} ${byteOrder} is lost`);
        ours[`npy ${order} ${byteOrder}`] = { format: 'npy', file: base64(file), values: { '': ['F32', [2, 3], hex] } };
      }
    }
    const tensors = { w: elements, zeros: new Float32Array(200) };
    for (const compress of [false, true]) {
      const arrays = Object.entries(tensors).map(([name, values]) => {
        const bytes = new Uint8Array(values.buffer);
        return { name, entry: { shape: [values.length], type: 'F32', bytes } };
      });
      const contents = arrays.map(({ name, entry }) => ({ name: `${name}.npy`, contents: encodeNpy(entry) }));
      const values = arrays.map(({ name, entry: { shape, type, bytes } }): [string, Vector['values'][string]] => [
        name,
        [type, shape, Buffer.from(bytes).toString('hex')],
      ]);
      // All of them above what the old fields are trusted with.
      const file = base64(zipArchive(contents, { compress, widest: 100 }));
      ours[`npz with ZIP64 fields, compressed: ${compress}`] = {
        format: 'npz',
        file,
        values: Object.fromEntries(values),
      };
    }
    const path = join(scratch, 'ours.json');
    writeFileSync(path, JSON.stringify(ours));
    execFileSync(python, [script, 'check', path], { stdio: 'inherit' });
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
