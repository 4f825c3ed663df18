// `pnpm bench llm threads [FILE] [ROUNDS]`: a training step on two threads beside one, of the small transformer of width 256 and, with a
// GGUF file, of SmolLM2-135M, and its tokens; by the clock, since processor time is that of both. On a machine that others use too, two
// threads may have one processor between them: a round counts if two loops that share nothing reached 1.8 × one before it and after it.
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { open } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import { seededRng } from '@fedkit/core';
import {
  adamW,
  adapt,
  fileSource,
  generate,
  languageTrainer,
  type LanguageModel,
  loadGguf,
  lora,
  tokenWindows,
  transformer,
} from '@fedkit/llm';
import { median, table, type Timed, writeResults } from '../shared/measure.ts';
import { peakModule } from './peak.ts';

const THREADS = [1, 2];
const CALLS = 1500;
const TURNS = 20_000;
const LEAST = 1.8;
/** Rounds are tried this many times as often as they are wanted. */
const TRIES = 40;

async function clocked(work: () => unknown): Promise<number> {
  const before = performance.now();
  await work();
  return performance.now() - before;
}

/** A loop over registers on a thread of its own; asked, it runs once. */
interface Loop {
  run(): Promise<void>;
  end(): Promise<number>;
}

function independentLoop(module: WebAssembly.Module): Loop {
  const program = `
    const { parentPort, workerData } = require('node:worker_threads');
    const { exports } = new WebAssembly.Instance(workerData.module, { env: { abort() {} } });
    parentPort.on('message', () => {
      for (let call = 0; call < workerData.calls; call++) exports.loop(workerData.turns);
      parentPort.postMessage(0);
    });`;
  const workerData = { module, calls: CALLS, turns: TURNS };
  const worker = new Worker(program, { eval: true, execArgv: [], workerData });
  return {
    async run() {
      worker.postMessage(0);
      await once(worker, 'message');
    },
    end: () => worker.terminate(),
  };
}

/** A step, forward, backward and AdamW, of a GPT of width 256 over bytes: eight windows of 64. */
function smallStep(threads: number): { readonly model: LanguageModel; readonly step: Timed } {
  const model = transformer({ style: 'gpt', vocabulary: 256, width: 256, layers: 2, heads: 4, context: 64, threads });
  const rng = seededRng(1);
  const windows = tokenWindows([Array.from({ length: 8 * 64 + 1 }, () => rng.below(256))], { length: 64 });
  return { model, step: stepsOf(model, windows, 8, 4) };
}

/** Several steps a call where they are short, since a call copies the parameters in and out, which a client does once a round. */
function stepsOf(
  model: LanguageModel,
  windows: ReturnType<typeof tokenWindows>,
  batchSize: number,
  steps: number,
): Timed {
  const trainer = languageTrainer(model, windows, { optimizer: adamW() });
  const start = model.init(seededRng(1));
  const how = { steps, batchSize, learningRate: 1e-3, rng: seededRng(2) };
  return async () => (await clocked(() => trainer.train(start, {}, how))) / steps;
}

/** A LoRA step of rank 8 on q and v over 128 tokens, and a token behind a prompt of 16. */
async function smollm(path: string, threads: number) {
  const file = await open(path);
  const { base } = await loadGguf(await fileSource(file), { threads });
  await file.close();
  const model = adapt(base, lora({ rank: 8, alpha: 16, targets: ['q_proj', 'v_proj'] }));
  const rng = seededRng(3);
  const tokens = Array.from({ length: 129 }, () => rng.below(base.shape.vocabulary));
  const start = model.init(seededRng(1));
  const token = async () => {
    const written = 24;
    let [count, first] = [0, 0];
    for await (const _ of generate(model, start, tokens.slice(0, 16), { maxTokens: 1 + written })) {
      if (count++ === 0) first = performance.now();
    }
    return (performance.now() - first) / written;
  };
  return { model, step: stepsOf(model, tokenWindows([tokens], { length: 128 }), 1, 1), token };
}

interface Round {
  /** Milliseconds of two loops together, before and after. */
  readonly loops: readonly [number, number];
  readonly times: Readonly<Record<string, number>>;
}

/** Rounds with two processors, at most so many, of how many tries; and what a loop takes alone, at its best. */
async function roundsOf(candidates: Readonly<Record<string, Timed>>, [here, there]: readonly Loop[], wanted: number) {
  const names = Object.keys(candidates);
  for (let i = 0; i < 2; i++) for (const name of names) await candidates[name]();
  let alone = Infinity;
  const together = () => clocked(() => Promise.all([here.run(), there.run()]));
  const reached = (time: number) => (2 * alone) / time >= LEAST;
  let kept: Round[] = [];
  let tries = 0;
  for (; kept.length < wanted && tries < TRIES * wanted; tries++) {
    alone = Math.min(alone, await clocked(() => here.run()));
    const before = await together();
    if (!reached(before)) {
      await pause(5000);
      continue;
    }
    const times: Record<string, number> = {};
    for (const name of tries % 2 === 0 ? names : names.toReversed()) times[name] = await candidates[name]();
    kept.push({ loops: [before, await together()], times });
    // What was thought to be its best may have been beside others.
    kept = kept.filter(({ loops }) => loops.every(reached));
  }
  return { kept, tries, alone };
}

/** Prints and stores the comparison. */
export async function compareThreads(path: string | undefined, wanted: number): Promise<void> {
  const module = await peakModule();
  const [here, there] = [independentLoop(module), independentLoop(module)];
  const candidates: Record<string, Timed> = {};
  const models: LanguageModel[] = [];
  for (const threads of THREADS) {
    const small = smallStep(threads);
    models.push(small.model);
    candidates[`d256 ${threads}`] = small.step;
    if (path === undefined) continue;
    const large = await smollm(path, threads);
    models.push(large.model);
    candidates[`smollm ${threads}`] = large.step;
    candidates[`token ${threads}`] = large.token;
  }
  const { kept, tries, alone } = await roundsOf(candidates, [here, there], wanted);
  await Promise.all([here.end(), there.end(), ...models.map(({ base }) => base.close())]);
  if (kept.length === 0) {
    console.log(`none of ${tries} rounds found two processors: expected two loops to reach ${LEAST} × one`);
    return;
  }
  const reach = (2 * alone) / median(kept.flatMap(({ loops }) => loops));
  console.log(`${kept.length} rounds of ${tries}, in which two independent loops reached ${reach.toFixed(2)} × one\n`);
  const names: Readonly<Record<string, string>> = {
    d256: 'step of a GPT of width 256',
    smollm: 'LoRA step of SmolLM2-135M, 128 tokens',
    token: 'a token of SmolLM2-135M',
  };
  const rows = Object.keys(names)
    .filter((name) => `${name} 1` in candidates)
    .map((name) => {
      const [one, two] = THREADS.map((threads) => median(kept.map(({ times }) => times[`${name} ${threads}`])));
      return { name, one, two, ratio: two / one };
    });
  const lines = rows.map(({ name, one, two, ratio }) => [
    names[name],
    one.toFixed(1),
    two.toFixed(1),
    ratio.toFixed(2),
  ]);
  console.log(table(['by the clock, ms', 'one thread', 'two', 'ratio'], lines));
  writeResults('llm-threads', { rounds: kept.length, tries, reach, rows, alone, kept });
}
