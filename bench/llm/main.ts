// `pnpm bench llm [rounds]`: steps beside PyTorch on one thread, products beside the engine's peak; PYTHON names an interpreter
// with torch.
// `pnpm bench llm frameworks [rounds]`: the same steps beside TensorFlow.js and jax-js, which npm installs outside of the tree.
// `pnpm bench llm peft`: adapters written here, loaded by PEFT in Python.
// `pnpm bench llm smollm [FILE]`: all arms of examples/llm over SmolLM2-135M; goes on where it stopped.
// `pnpm bench llm smollm-step FILE [ROUNDS]`: SmolLM2-135M from its GGUF beside transformers over the same file; PYTHON as above.
// `pnpm bench llm federated [SEEDS]`, `pnpm bench llm sparseloco [SEEDS]`: what federations and their compression keep; both go on
// where they stopped. `pnpm bench llm quantized`: sizes and perplexities of a base in every kind.
// `pnpm bench llm split`: what a cut costs, saves and tells.
// `pnpm bench llm distill [SEEDS]`: the gap to a teacher that a student of a quarter closes. `pnpm bench llm drift [SEEDS]`: what is
// forgotten, president after president.
// `pnpm bench llm prune [SEEDS]`: half of the weights, and what the loss is.
// `pnpm bench llm retrieval FOLDER [SEEDS]`: MiniLM, trained by clients that keep their passages; goes on where it stopped.
// `pnpm bench llm answer FOLDER FILE`: answers from passages, by MiniLM and SmolLM2.
// `pnpm bench llm techniques`: what a short computation tells of the others; `pnpm bench llm draw`: the pictures of docs/techniques.md.
// `pnpm bench llm vectors`: makes the vectors of packages/llm with pinned packages of Python, in a folder that is removed.
import { execFileSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compareAnswers } from './answer.ts';
import { compareOuter } from './federated.ts';
import { figures } from './figures.ts';
import { compareFrameworks } from './frameworks.ts';
import { comparePeft } from './peft.ts';
import { withPython } from './python.ts';
import { compareKinds } from './quantized.ts';
import { compareDistilling } from './distill.ts';
import { compareDrift } from './drift.ts';
import { comparePruning } from './prune.ts';
import { compareRetrieval } from './retrieval.ts';
import { splitFigures } from './split.ts';
import { compareSparse } from './sparseloco.ts';
import { drawTechniques } from './draw.ts';
import { compareTechniques } from './techniques.ts';
import { smollmStep } from './smollm-step.ts';
import { compareThreads } from './threads.ts';

/** A count in the command line. */
function integer(text: string | undefined, otherwise: number): number {
  const value = Number(text ?? otherwise);
  if (!Number.isInteger(value) || value < 1) throw new Error(`expected a count, got ${text}`);
  return value;
}

const here = dirname(fileURLToPath(import.meta.url));
const vectors = join(here, '../../packages/llm/test/vectors');

switch (process.argv[2]) {
  case 'vectors':
    await withPython((python) => {
      execFileSync(python, [join(here, 'vectors.py'), vectors], { stdio: 'inherit' });
      console.log(`vectors in ${vectors}`);
    });
    break;
  case 'frameworks':
    await compareFrameworks(integer(process.argv[3], 9));
    break;
  case 'peft':
    await comparePeft();
    break;
  case 'smollm':
    process.argv.splice(2, 1, '--smollm');
    await import('../../examples/llm/main.ts');
    break;
  case 'federated':
    await compareOuter(integer(process.argv[3], 3));
    break;
  case 'sparseloco':
    await compareSparse(integer(process.argv[3], 3));
    break;
  case 'distill':
    await compareDistilling(integer(process.argv[3], 3));
    break;
  case 'drift':
    await compareDrift(integer(process.argv[3], 3));
    break;
  case 'prune':
    await comparePruning(integer(process.argv[3], 3));
    break;
  case 'retrieval':
    if (process.argv[3] === undefined) throw new Error('usage: pnpm bench llm retrieval FOLDER [SEEDS]');
    await compareRetrieval(process.argv[3], integer(process.argv[4], 3));
    break;
  case 'answer':
    if (process.argv[4] === undefined) throw new Error('usage: pnpm bench llm answer FOLDER FILE');
    await compareAnswers(process.argv[3], process.argv[4]);
    break;
  case 'techniques':
    await compareTechniques();
    break;
  case 'draw':
    drawTechniques();
    break;
  case 'split':
    await splitFigures();
    break;
  case 'quantized':
    compareKinds();
    break;
  case 'smollm-step':
    if (process.argv[3] === undefined) throw new Error('usage: pnpm bench llm smollm-step FILE [ROUNDS]');
    await smollmStep(process.argv[3], integer(process.argv[4], 5));
    break;
  case 'threads': {
    const [first, second] = process.argv.slice(3);
    const named = first !== undefined && !/^\d+$/.test(first);
    await compareThreads(named ? first : undefined, integer(named ? second : first, 7));
    break;
  }
  default: {
    const rounds = Number(process.argv[2] ?? 9);
    if (Number.isInteger(rounds) && rounds > 0) await figures(rounds);
    else {
      console.error(
        'usage: pnpm bench llm [rounds] | frameworks [rounds] | peft | smollm [FILE] | smollm-step FILE [ROUNDS] | threads [FILE] [ROUNDS] | federated [SEEDS] | sparseloco [SEEDS] | split | distill [SEEDS] | drift [SEEDS] | prune [SEEDS] | retrieval FOLDER [SEEDS] | answer FOLDER FILE | techniques | draw | quantized | vectors',
      );
      process.exitCode = 1;
    }
  }
}
