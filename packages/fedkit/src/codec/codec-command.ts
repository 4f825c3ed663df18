/**
 * `fedkit codec`: a codec of one's own beside ours, on five laws and on a saved update.
 *
 * @module
 */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import {
  eden,
  float16,
  measure,
  natural,
  pipe,
  qsgd,
  randomK,
  rotated,
  scaledSign,
  sparseLoCo,
  stc,
  ternary,
  topK,
  uniform,
} from '@fedkit/compression';
import { decodeSafetensors, FedkitError, seededRng } from '@fedkit/core';
import { decodeNpy } from '@fedkit/core/checkpoint';
import type { Codec, CodecContext } from '@fedkit/core/codec';
import { brokenLaws, codecLaws } from '@fedkit/core/conformance';
import { importModule } from '../import-module.ts';
import { plainTable } from '../plain-table.ts';
import { print } from '../print.ts';
import { lawVectors } from './laws.ts';

const OURS: Readonly<Record<string, Codec>> = {
  float16: float16(),
  'uniform 8': uniform({ bits: 8 }),
  'rotated uniform 4': rotated(uniform({ bits: 4 })),
  'QSGD 4': qsgd({ bits: 4 }),
  natural: natural(),
  ternary: ternary(),
  'scaled sign': scaledSign(),
  'EDEN 4': eden({ bits: 4 }),
  'EDEN 1': eden({ bits: 1 }),
  'EDEN ½': eden({ bits: 0.5 }),
  'random 10 %': randomK({ density: 0.1 }),
  'top 1 %': topK({ density: 0.01 }),
  'top 1 %, EDEN 4': pipe(topK({ density: 0.01 }), eden({ bits: 4 })),
  'STC 1/100': stc({ density: 0.01 }),
  SparseLoCo: sparseLoCo(),
};

/** How the command was called. */
export interface CodecCommandOptions {
  readonly update?: string;
  readonly size?: string;
  readonly json?: boolean;
}

/**
 * Measures the codecs of `file`, if there is one, and ours; then holds the former against the laws of codecs.
 *
 * @param file - A module whose default export is a codec, or a record of several by name.
 * @returns The exit code: 1 where a codec breaks a law.
 */
export async function codecCommand(
  file: string | undefined,
  directory: string,
  { update, size = '65536', json = false }: CodecCommandOptions,
): Promise<number> {
  const count = Number(size);
  if (!(Number.isSafeInteger(count) && count >= 1 && count <= 2 ** 24))
    throw new FedkitError('OUT_OF_RANGE', `fedkit codec: --size: expected an integer in [1, 2^24], got ${size}`);
  const own = file === undefined ? {} : codecsOf(file, await importModule(resolve(directory, file)));
  const saved = update === undefined ? {} : { [update]: await readUpdate(resolve(directory, update)) };
  const vectors = { ...lawVectors(count), ...saved };
  const codecs = [
    ...Object.entries(own).map(([name, codec]) => [`${name} *`, codec] as const),
    ...Object.entries(OURS),
  ];
  const rows = codecs.map(([name, codec]) => ({
    codec: name,
    laws: Object.fromEntries(
      Object.entries(vectors).map(([law, values]) => {
        const { bitsPerCoordinate, nmse } = measure(codec, values, contextOf(law));
        return [law, { bitsPerCoordinate, nmse }];
      }),
    ),
  }));
  const faults = [];
  for (const [name, codec] of Object.entries(own))
    for (const { name: law, error } of await brokenLaws(codecLaws({ codec })))
      faults.push({ codec: name, law, error: String(error) });
  if (json) {
    print(JSON.stringify({ rows, faults }));
  } else {
    const cell = ({ bitsPerCoordinate, nmse }: { bitsPerCoordinate: number; nmse: number }) =>
      `${bitsPerCoordinate.toFixed(3)} / ${nmse.toPrecision(3)}`;
    print('Bits a value / squared error over the squared length of the vector.\n');
    const body = rows.map(({ codec, laws }) => [codec, ...Object.values(laws).map(cell)]);
    print(plainTable({ head: ['codec', ...Object.keys(vectors)], body }));
    for (const { codec, law, error } of faults) print(`${codec} breaks a law: ${law}: ${error}`);
    if (Object.keys(own).length > 0 && faults.length === 0) print('\n* keeps every law of codecs.');
  }
  return faults.length === 0 ? 0 : 1;
}

function contextOf(name: string): CodecContext {
  const rng = seededRng('codec explorer').fork(name);
  const seed = (of: string) => rng.fork(of).fill(new Uint8Array(32));
  return { sharedSeed: seed('shared'), clientSeed: seed('client'), rng: rng.fork('rounding') };
}

function codecsOf(file: string, exported: unknown): Record<string, Codec> {
  const isCodec = (found: unknown): found is Codec =>
    typeof (found as Codec | null)?.encode === 'function' && typeof (found as Codec | null)?.decode === 'function';
  if (isCodec(exported)) return { [exported.kind]: exported };
  if (typeof exported === 'object' && exported !== null) {
    const entries = Object.entries(exported);
    if (entries.length > 0 && entries.every(([, found]) => isCodec(found))) return exported as Record<string, Codec>;
  }
  throw new FedkitError(
    'INVALID_ARGUMENT',
    `${file}: expected a codec, or codecs by name, as default export, got something else`,
  );
}

/** All values of a safetensors or NumPy file, one after the other. */
async function readUpdate(path: string): Promise<Float32Array> {
  const bytes = new Uint8Array(
    await readFile(path).catch((cause: unknown) => {
      throw new FedkitError('INVALID_ARGUMENT', `fedkit codec: --update: expected a file at ${path}, got none`, {
        cause,
      });
    }),
  );
  if (!path.endsWith('.npy')) return decodeSafetensors(bytes).values;
  const { type, bytes: values } = decodeNpy(bytes);
  if (type === 'F32') return new Float32Array(values.slice().buffer);
  if (type === 'F64') return Float32Array.from(new Float64Array(values.slice().buffer));
  throw new FedkitError('INVALID_ARGUMENT', `fedkit codec: --update: expected F32 or F64, got ${type}`);
}
