// Compiles packages/<package>/assembly/index.ts with AssemblyScript and embeds the module in
// packages/<package>/src/kernels/module.wasm.ts; assembly/<name>/index.ts goes into kernels/<name>.wasm.ts, for callers who
// need nothing else. With --check it compares instead of writing.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

// Engines compile a module of up to 4 KiB synchronously, on the main thread of a page too.
export const MAX_MODULE_BYTES = 4096;

/** Every module: its folder of sources and the file that it is embedded in, both from the root. */
export const kernelModules = readdirSync(join(root, 'packages')).flatMap((name) => {
  const base = join('packages', name, 'assembly');
  if (!existsSync(join(root, base))) return [];
  const file = (module) => join('packages', name, 'src/kernels', `${module}.wasm.ts`);
  const folders = readdirSync(join(root, base), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return [
    ...(existsSync(join(root, base, 'index.ts')) ? [{ sources: base, file: file('module') }] : []),
    ...folders.map((folder) => ({ sources: join(base, folder.name), file: file(folder.name) })),
  ];
});

/** The text of an embedded module as its sources make it today. */
export async function compileKernels({ sources }) {
  let binary;
  const { error } = await asc.main(
    [
      'index.ts',
      '--baseDir',
      join(root, sources),
      '-o',
      'kernels.wasm',
      '-O3',
      '--noAssert',
      '--runtime',
      'stub',
      '--enable',
      'simd',
      '--enable',
      'threads',
      '--importMemory',
      '--maximumMemory',
      '65536',
      '--noExportMemory',
      '--converge',
      '--use',
      'abort=',
    ],
    {
      writeFile: (_, contents) => {
        binary = contents;
      },
    },
  );
  if (error) throw new Error(`${sources}: ${error.message}`);
  if (binary.length >= MAX_MODULE_BYTES) {
    throw new Error(`${sources}: the kernel module has ${binary.length} bytes, the limit is ${MAX_MODULE_BYTES}`);
  }
  return `// Generated from assembly/ by \`pnpm kernels\`: ${binary.length} bytes. Do not edit.\nexport const wasmHex: string =\n  '${Buffer.from(binary).toString('hex')}';\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const check = process.argv.includes('--check');
  for (const module of kernelModules) {
    const text = await compileKernels(module);
    const file = join(root, module.file);
    const current = existsSync(file) ? readFileSync(file, 'utf8') : '';
    if (!check) writeFileSync(file, text);
    else if (current !== text) {
      console.error(`${file} is not what its sources compile to: run pnpm kernels`);
      process.exitCode = 1;
    }
  }
}
