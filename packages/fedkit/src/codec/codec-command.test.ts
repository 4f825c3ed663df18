import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeSafetensors, Layout } from '@fedkit/core';
import { encodeNpy } from '@fedkit/core/checkpoint';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { codecCommand } from './codec-command.ts';
import { lawVectors } from './laws.ts';

interface Report {
  readonly rows: readonly {
    readonly codec: string;
    readonly laws: Readonly<Record<string, { readonly bitsPerCoordinate: number; readonly nmse: number }>>;
  }[];
  readonly faults: readonly { readonly codec: string; readonly law: string }[];
}

let directory: string;
let printed: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'fedkit-codec-'));
  printed = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += text;
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(directory, { recursive: true });
});

const OWN = `
const halves = (values) => Float32Array.from(values, (value) => value / 2);
const codec = (decode) => ({
  kind: 'mine', linearity: 'perClient', unbiased: false,
  encode: (values) => new Uint8Array(halves(values).buffer),
  decode, visit: (bytes, sink) => sink.dense(0, decode(bytes)),
});
export default { mine: codec((bytes) => new Float32Array(bytes.slice().buffer)) };
`;

it('puts a codec beside ours on five laws and a saved update, and holds it to its laws', async () => {
  writeFileSync(join(directory, 'mine.mjs'), OWN);
  const values = Float32Array.from({ length: 100 }, (_, i) => i);
  const layout = Layout.of([{ name: 'w', shape: [100] }]);
  writeFileSync(join(directory, 'update.safetensors'), encodeSafetensors({ layout, values }));
  const code = await codecCommand('mine.mjs', directory, { size: '4096', update: 'update.safetensors', json: true });
  const { rows, faults } = JSON.parse(printed) as Report;
  expect(Object.keys(rows[0].laws)).toEqual([
    'normal',
    'laplace',
    'lognormal',
    'student-t(3)',
    'sparse',
    'update.safetensors',
  ]);
  const of = (name: string) => rows.find(({ codec }) => codec === name)?.laws ?? {};
  // Half of a value: a quarter of its square is lost, at all of its bits.
  for (const { bitsPerCoordinate, nmse } of Object.values(of('mine *'))) {
    expect(bitsPerCoordinate).toBe(32);
    expect(nmse).toBeCloseTo(0.25, 6);
  }
  // EDEN's table (Vargaftik et al., ICML 2022): with unbiased scale at 1 bit π/2 − 1 on whatever law, after rotation.
  for (const law of ['normal', 'laplace', 'lognormal']) expect(of('EDEN 1')[law].nmse).toBeCloseTo(Math.PI / 2 - 1, 1);
  // What is sparse costs top-k nothing.
  expect(of('top 1 %').sparse.nmse).toBeLessThan(0.2);
  expect(of('top 1 %').normal.nmse).toBeGreaterThan(0.8);
  // It decodes hostile bytes of any length.
  expect(code).toBe(1);
  expect(faults.length).toBeGreaterThan(0);
});

it('prints a table, and reads NumPy', async () => {
  const bytes = new Uint8Array(Float64Array.of(1, 2, 3, 4).buffer);
  writeFileSync(join(directory, 'update.npy'), encodeNpy({ shape: [4], type: 'F64', bytes }));
  expect(await codecCommand(undefined, directory, { size: '512', update: 'update.npy' })).toBe(0);
  expect(printed).toMatch(/^codec +normal +laplace +lognormal +student-t\(3\) +sparse +update\.npy$/m);
  expect(printed).toMatch(/^EDEN ½ .* \/ /m);
});

it('draws the same vectors whenever it is asked', () => {
  expect(lawVectors(64)).toEqual(lawVectors(64));
});

it.each([
  ['nowhere.mjs', {}, 'no such file'],
  ['empty.mjs', {}, 'a codec, or codecs by name'],
  [undefined, { size: '0' }, '--size'],
  [undefined, { size: '64', update: 'nowhere.npy' }, 'got none'],
])('refuses %s with %j', async (file, options, message) => {
  writeFileSync(join(directory, 'empty.mjs'), 'export default {};\n');
  await expect(codecCommand(file, directory, options)).rejects.toThrow(message);
});
