import * as fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { seededRng } from '../random.ts';
import { denseKernels } from './dense.ts';
import { BLOCK, type DenseKernels, type DenseMemory, LISTS, SLACK } from './dense-contract.ts';
import { plainDense } from './plain-dense.ts';

interface Layer {
  readonly count: number;
  readonly inputs: number;
  readonly outputs: number;
  /** Share of the inputs that are 0. */
  readonly zeros: number;
  readonly seed: number;
}

const layer = fc.record({
  count: fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: BLOCK })),
  inputs: fc.integer({ min: 1, max: 40 }),
  outputs: fc.integer({ min: 1, max: 23 }),
  zeros: fc.constantFrom(0, 0.3, 0.8, 0.97, 1),
  seed: fc.nat(1e9),
});

/** A memory that holds a layer at fixed offsets, filled by the seed; the rest is NaN, so that what is not read tells. */
function place({ count, inputs, outputs, zeros, seed }: Layer, buffer: ArrayBuffer) {
  let bytes = 0;
  const take = (size: number) => {
    const at = bytes;
    bytes += 16 * Math.ceil((size + 4 * SLACK) / 16);
    return at;
  };
  const at = {
    x: take(4 * count * inputs),
    y: take(4 * count * outputs),
    w: take(4 * (inputs + 1) * outputs),
    dx: take(4 * count * inputs),
    dw: take(4 * inputs * outputs),
    sums: take(8 * outputs),
    scratch: take(4 * Math.max(inputs, LISTS)),
  };
  const floats = new Float32Array(buffer);
  floats.fill(Number.NaN);
  const rng = seededRng(seed);
  const draw = () => (rng.uniform() < zeros ? 0 : 2 * rng.uniform() - 1);
  for (let i = 0; i < count * inputs; i++) floats[at.x / 4 + i] = draw();
  for (let i = 0; i < count * outputs; i++) floats[at.y / 4 + i] = 2 * rng.uniform() - 1;
  for (let i = 0; i < (inputs + 1) * outputs; i++) floats[at.w / 4 + i] = 2 * rng.uniform() - 1;
  for (let i = 0; i < inputs * outputs; i++) floats[at.dw / 4 + i] = 2 * rng.uniform() - 1;
  const read = (from: number, length: number) => floats.slice(from / 4, from / 4 + length);
  return { at, read };
}

/** What each kernel gives for a layer, and what it leaves of the others' arrays. */
function results(kernels: DenseKernels, buffer: ArrayBuffer, how: Layer): Record<string, Float32Array> {
  const { count, inputs, outputs } = how;
  const found: Record<string, Float32Array> = {};
  for (const rectified of [false, true]) {
    const { at, read } = place(how, buffer);
    kernels.denseForward(at.x, count, inputs, at.w, outputs, at.y, rectified, at.sums, at.scratch);
    found[`forward ${rectified}`] = read(at.y, count * outputs);
    found[`parameters ${rectified}`] = read(at.w, (inputs + 1) * outputs);
  }
  for (const add of [false, true]) {
    const { at, read } = place(how, buffer);
    kernels.denseWeightGradient(at.x, count, inputs, at.y, outputs, at.dw, add, at.scratch);
    found[`weights ${add}`] = read(at.dw, inputs * outputs);
  }
  const { at, read } = place(how, buffer);
  kernels.denseInputGradient(at.x, count, inputs, at.y, outputs, at.w, at.dx);
  found.inputs = read(at.dx, count * inputs);
  return found;
}

const BYTES = 2 ** 17;

const onWebAssembly = (kernels: DenseKernels) => Object.values(kernels).some((f) => String(f).includes('native code'));

describe('dense kernels', () => {
  it('give the same bits on WebAssembly and in plain JavaScript', () => {
    const wasm = denseKernels(BYTES) as DenseMemory;
    const buffer = new ArrayBuffer(BYTES);
    const plain = plainDense(buffer);
    expect(onWebAssembly(wasm.kernels)).toBe(true);
    fc.assert(
      fc.property(layer, (how) => {
        expect(results(wasm.kernels, wasm.buffer, how)).toEqual(results(plain, buffer, how));
      }),
      { numRuns: 400 },
    );
  });

  it('are the sums that they should be', () => {
    const buffer = new ArrayBuffer(BYTES);
    const plain = plainDense(buffer);
    fc.assert(
      fc.property(layer, (how) => {
        const { count, inputs, outputs } = how;
        const { at, read } = place(how, buffer);
        const [x, y] = [read(at.x, count * inputs), read(at.y, count * outputs)];
        const [w, dw] = [read(at.w, (inputs + 1) * outputs), read(at.dw, inputs * outputs)];
        const found = results(plain, buffer, how);
        const near = (a: number, b: number) => expect(Math.abs(a - b)).toBeLessThan(1e-5);
        const each = (rows: number, columns: number, check: (row: number, column: number) => void) => {
          for (let row = 0; row < rows; row++) for (let column = 0; column < columns; column++) check(row, column);
        };
        each(count, outputs, (b, j) => {
          let sum = w[inputs * outputs + j];
          for (let k = 0; k < inputs; k++) sum += x[b * inputs + k] * w[k * outputs + j];
          near(found['forward false'][b * outputs + j], sum);
          near(found['forward true'][b * outputs + j], Math.max(0, sum));
        });
        each(inputs, outputs, (k, j) => {
          let sum = 0;
          for (let b = 0; b < count; b++) sum += x[b * inputs + k] * y[b * outputs + j];
          near(found['weights false'][k * outputs + j], sum);
          near(found['weights true'][k * outputs + j], sum + dw[k * outputs + j]);
        });
        each(count, inputs, (b, k) => {
          let sum = 0;
          for (let j = 0; j < outputs; j++) sum += y[b * outputs + j] * w[k * outputs + j];
          near(found.inputs[b * inputs + k], x[b * inputs + k] > 0 ? sum : 0);
        });
      }),
      { numRuns: 100 },
    );
  });

  it('keep within their scratch when a block is full of values', () => {
    const wasm = denseKernels(BYTES) as DenseMemory;
    const buffer = new ArrayBuffer(BYTES);
    const full = { count: BLOCK, inputs: 8, outputs: 3, zeros: 0, seed: 1 };
    for (const [kernels, memory] of [[wasm.kernels, wasm.buffer] as const, [plainDense(buffer), buffer] as const]) {
      const { at } = place(full, memory);
      kernels.denseWeightGradient(at.x, BLOCK, full.inputs, at.y, full.outputs, at.dw, false, at.scratch);
      const behind = new Float32Array(memory, at.scratch + 4 * LISTS, 4 * BLOCK);
      expect(behind.every(Number.isNaN)).toBe(true);
    }
  });

  it('are left to plain JavaScript where the memory is small, and where there is no WebAssembly', () => {
    expect(denseKernels(1000)).toBeUndefined();
    vi.stubGlobal('WebAssembly', undefined);
    try {
      expect(denseKernels(BYTES)).toBeUndefined();
    } finally {
      vi.unstubAllGlobals();
    }
  });
});
