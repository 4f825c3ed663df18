// Python with the packages that language models are compared with, pinned. PyPI's torch brings gigabytes of CUDA along.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PACKAGES = ['torch==2.15.0', 'transformers==4.57.1', 'peft==0.18.0', 'gguf==0.19.0', 'numpy==2.4.6'];

/** Runs `use` with an interpreter that has them: the one in PYTHON, or a fresh one that is removed afterwards. */
export async function withPython<T>(use: (python: string) => T | Promise<T>): Promise<T> {
  if (process.env.PYTHON !== undefined) return use(process.env.PYTHON);
  const scratch = mkdtempSync(join(tmpdir(), 'fedkit-llm-'));
  try {
    execFileSync('python3', ['-m', 'venv', join(scratch, 'venv')], { stdio: 'inherit' });
    const python = join(scratch, 'venv/bin/python');
    const install = ['-m', 'pip', 'install', '-q', '--disable-pip-version-check', ...PACKAGES];
    execFileSync(python, install, { stdio: 'inherit' });
    return await use(python);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
