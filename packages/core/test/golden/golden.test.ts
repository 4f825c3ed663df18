import { describe, expect, it, vi } from 'vitest';
import * as core from '../../src/index.ts';
import * as kernels from '../../src/kernels/index.ts';
import * as math from '../../src/math/index.ts';
import * as simulation from '../../src/simulation/index.ts';
import { golden } from './golden.mjs';
import expected from './golden.json' with { type: 'json' };

const modules = { core, math, kernels, simulation };

// A digest that changes breaks every stored accumulator, seed and model: it needs a new version of its format. To accept,
// `node scripts/engines.mjs --write`.
describe('golden digests', () => {
  it('are those on record', async () => {
    expect(await golden(modules)).toEqual(expected);
  });

  it('are the same without WebAssembly, crypto and TextEncoder', async () => {
    for (const name of ['WebAssembly', 'crypto', 'TextEncoder']) vi.stubGlobal(name, undefined);
    try {
      expect(kernels.instantiateKernels('', 1)).toBeUndefined();
      expect(await golden(modules)).toEqual(expected);
    } finally {
      vi.unstubAllGlobals();
    }
  });
});
