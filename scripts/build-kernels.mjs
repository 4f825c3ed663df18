// Compiles packages/<name>/assembly/index.ts with AssemblyScript and embeds the module in
// packages/<name>/src/kernels/module.wasm.ts. With --check it compares instead of writing.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

// Engines compile a module of up to 4 KiB synchronously, on the main thread of a page too.
export const MAX_MODULE_BYTES = 4096;

/** The packages that have kernels of their own. */
export const kernelPackages = readdirSync(join(root, 'packages')).filter((name) =>
  existsSync(join(root, 'packages', name, 'assembly/index.ts')),
);

/** The text of module.wasm.ts as the sources under assembly/ make it today. */
export async function compileKernels(name) {
  const base = join(root, 'packages', name, 'assembly');
  let binary;
  const { error } = await asc.main(
    [
      'index.ts',
      '--baseDir',
      base,
      '-o',
      'kernels.wasm',
      '-O3',
      '--noAssert',
      '--runtime',
      'stub',
      '--enable',
      'simd',
      '--importMemory',
      '--use',
      'abort=',
    ],
    {
      writeFile: (_, contents) => {
        binary = contents;
      },
    },
  );
  if (error) throw new Error(`packages/${name}: ${error.message}`);
  if (binary.length >= MAX_MODULE_BYTES) {
    throw new Error(`packages/${name}: the kernel module has ${binary.length} bytes, the limit is ${MAX_MODULE_BYTES}`);
  }
  return `// Generated from assembly/ by \`pnpm kernels\`: ${binary.length} bytes. Do not edit.\nexport const wasmBase64: string =\n  '${Buffer.from(binary).toString('base64')}';\n`;
}

export function embeddedFile(name) {
  return join(root, 'packages', name, 'src/kernels/module.wasm.ts');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const check = process.argv.includes('--check');
  for (const name of kernelPackages) {
    const text = await compileKernels(name);
    const file = embeddedFile(name);
    const current = existsSync(file) ? readFileSync(file, 'utf8') : '';
    if (!check) writeFileSync(file, text);
    else if (current !== text) {
      console.error(`${file} is not what assembly/ compiles to: run pnpm kernels`);
      process.exitCode = 1;
    }
  }
}
