import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compileKernels, embeddedFile, kernelPackages, MAX_MODULE_BYTES } from './build-kernels.mjs';

describe('kernel modules', () => {
  it('exist', () => {
    expect(kernelPackages).toContain('core');
  });

  it.each(kernelPackages)('of %s are what their source compiles to, and small', async (name) => {
    const text = readFileSync(embeddedFile(name), 'utf8');
    expect(text, 'run pnpm kernels').toBe(await compileKernels(name));
    const base64 = /'([A-Za-z0-9+/=]+)'/.exec(text)?.[1] ?? '';
    const module = Buffer.from(base64, 'base64');
    expect(module.length).toBeGreaterThan(8);
    expect(module.length).toBeLessThan(MAX_MODULE_BYTES);
    const imports = WebAssembly.Module.imports(new WebAssembly.Module(module));
    expect(imports).toEqual([{ module: 'env', name: 'memory', kind: 'memory' }]);
  });
});
