import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compileKernels, kernelModules, MAX_MODULE_BYTES } from './build-kernels.mjs';

describe('kernel modules', () => {
  it('exist', () => {
    expect(kernelModules.map(({ sources }) => sources)).toContain('packages/core/assembly/dense');
  });

  it.each(kernelModules)('of $sources are what their source compiles to, and small', async (module) => {
    const text = readFileSync(join(import.meta.dirname, '..', module.file), 'utf8');
    expect(text, 'run pnpm kernels').toBe(await compileKernels(module));
    const bytes = Buffer.from(/'([0-9a-f]+)'/.exec(text)?.[1] ?? '', 'hex');
    expect(bytes.length).toBeGreaterThan(8);
    expect(bytes.length).toBeLessThan(MAX_MODULE_BYTES);
    // Limits with a maximum, so that one byte makes it a shared memory.
    expect(bytes.toString('hex').split('03656e76066d656d6f72790201').length).toBe(2);
    const imports = WebAssembly.Module.imports(new WebAssembly.Module(bytes));
    const memory = { module: 'env', name: 'memory', kind: 'memory' };
    if (!/(gemv|threads)$/.test(module.sources)) expect(imports).toEqual([memory]);
    else {
      // They call kernels of other modules, those of one thread.
      expect(imports).toContainEqual(memory);
      expect(imports.filter(({ kind }) => kind !== 'function')).toEqual([memory]);
    }
  });
});
