// `pnpm bench llm [rounds]`: steps beside PyTorch on one thread, products beside the engine's peak; PYTHON names an interpreter
// with torch.
// `pnpm bench llm peft`: adapters written here, loaded by PEFT in Python.
// `pnpm bench llm vectors`: makes the vectors of packages/llm with pinned packages of Python, in a folder that is removed.
import { execFileSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { figures } from './figures.ts';
import { comparePeft } from './peft.ts';
import { withPython } from './python.ts';

const here = dirname(fileURLToPath(import.meta.url));
const vectors = join(here, '../../packages/llm/test/vectors');

switch (process.argv[2]) {
  case 'vectors':
    await withPython((python) => {
      execFileSync(python, [join(here, 'vectors.py'), vectors], { stdio: 'inherit' });
      console.log(`vectors in ${vectors}`);
    });
    break;
  case 'peft':
    await comparePeft();
    break;
  default: {
    const rounds = Number(process.argv[2] ?? 9);
    if (Number.isInteger(rounds) && rounds > 0) await figures(rounds);
    else {
      console.error('usage: pnpm bench llm [rounds] | peft | vectors');
      process.exitCode = 1;
    }
  }
}
