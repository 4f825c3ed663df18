/**
 * Files that other libraries wrote, and what they hold: `test/vectors/checkpoints.json`.
 *
 * @module
 */
import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import type { ModelFile } from '../../src/model/model-file.ts';
import { readValues } from '../../src/model/tensor-values.ts';

/** A file and the tensors in it. */
export interface CheckpointVector {
  readonly format: string;
  /** Base64. */
  readonly file: string;
  readonly values: Record<string, [type: string, shape: number[], hex: string]>;
}

/** Those of one format, by name. */
export function checkpointVectors(format: string): [string, CheckpointVector][] {
  const path = new URL('../vectors/checkpoints.json', import.meta.url);
  const { files } = JSON.parse(readFileSync(path, 'utf8')) as { files: Record<string, CheckpointVector> };
  return Object.entries(files).filter(([, vector]) => vector.format === format);
}

export function bytesOf({ file }: CheckpointVector): Uint8Array {
  return new Uint8Array(Buffer.from(file, 'base64'));
}

/** What was read is what was written: every tensor by its name, its shape and its values, or its bytes where it is carried. */
export function expectModel(model: ModelFile, values: CheckpointVector['values']): void {
  expect([...model.layout.tensors, ...model.carried].map(({ name }) => name).sort()).toEqual(
    Object.keys(values).sort(),
  );
  for (const [name, [type, shape, hex]] of Object.entries(values)) {
    const raw = new Uint8Array(Buffer.from(hex, 'hex'));
    const carried = model.carried.find((tensor) => tensor.name === name);
    if (carried) {
      expect({ ...carried, bytes: Buffer.from(carried.bytes).toString('hex') }).toEqual({
        name,
        shape,
        type,
        bytes: hex,
      });
    } else {
      const expected = new Float32Array(shape.reduce((product, length) => product * length, 1));
      readValues(type, raw, expected);
      expect(model.layout.tensor(name).shape).toEqual(shape);
      expect(model.layout.view(model.values, name)).toEqual(expected);
      expect(model.types[name]).toBe(type);
    }
  }
}
