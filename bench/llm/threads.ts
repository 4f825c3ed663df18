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

const CALLS = 400;
const TURNS = 20_000;
const LEAST = 1.8;
/** It is asked this many times as often as rounds are wanted. */
const TRIES = 200;

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

/** One measured beside the other. */
interface Round {
  /** Milliseconds of two loops together, before and after. */
  readonly loops: readonly [number, number];
  readonly one: number;
  readonly two: number;
}

/** What is measured on one thread and on two. */
interface Pair {
  readonly name: string;
  readonly one: Timed;
  readonly two: Timed;
}

/** Rounds of every pair with two processors, at most so many, of how many tries; and what a loop takes alone, at its best. */
async function roundsOf(pairs: readonly Pair[], [here, there]: readonly Loop[], wanted: number) {
  for (let i = 0; i < 2; i++) {
    for (const { one, two } of pairs) {
      await one();
      await two();
    }
  }
  let alone = Infinity;
  const together = () => clocked(() => Promise.all([here.run(), there.run()]));
  const reached = (time: number) => (2 * alone) / time >= LEAST;
  let kept: Round[][] = pairs.map(() => []);
  let tries = 0;
  for (; kept.some(({ length }) => length < wanted) && tries < TRIES * wanted; tries++) {
    alone = Math.min(alone, await clocked(() => here.run()));
    // Whoever has the fewest.
    const fewest = kept.reduce((least, { length }, i) => (length < kept[least].length ? i : least), 0);
    const before = await together();
    if (!reached(before)) {
      await pause(1000);
      continue;
    }
    const { one, two } = pairs[fewest];
    const order = tries % 2 === 0 ? [one, two] : [two, one];
    const times: number[] = [];
    for (const work of order) times.push(await work());
    if (tries % 2 === 1) times.reverse();
    kept[fewest].push({ loops: [before, await together()], one: times[0], two: times[1] });
    // What was thought to be its best may have been beside others.
    kept = kept.map((rounds) => rounds.filter(({ loops }) => loops.every(reached)));
  }
  return { kept, tries, alone };
}

/** Prints and stores the comparison. */
export async function compareThreads(path: string | undefined, wanted: number): Promise<void> {
  const module = await peakModule();
  const [here, there] = [independentLoop(module), independentLoop(module)];
  const [small, smaller] = [2, 1].map(smallStep);
  const models = [small.model, smaller.model];
  const pairs: Pair[] = [{ name: 'step of a GPT of width 256', one: smaller.step, two: small.step }];
  if (path !== undefined) {
    const [one, two] = [await smollm(path, 1), await smollm(path, 2)];
    models.push(one.model, two.model);
    pairs.push({ name: 'LoRA step of SmolLM2-135M, 128 tokens', one: one.step, two: two.step });
    pairs.push({ name: 'a token of SmolLM2-135M', one: one.token, two: two.token });
  }
  const { kept, tries, alone } = await roundsOf(pairs, [here, there], wanted);
  await Promise.all([here.end(), there.end(), ...models.map(({ base }) => base.close())]);
  const rows = pairs.flatMap(({ name }, i) => {
    const rounds = kept[i];
    if (rounds.length === 0) return [];
    const [one, two] = [median(rounds.map((round) => round.one)), median(rounds.map((round) => round.two))];
    const reach = (2 * alone) / median(rounds.flatMap(({ loops }) => loops));
    return [{ name, one, two, ratio: two / one, reach, rounds }];
  });
  console.log(`of ${tries} tries; a round counts where two independent loops reach ${LEAST} × one\n`);
  const lines = rows.map(({ name, one, two, ratio, reach, rounds }) => [
    name,
    one.toFixed(1),
    two.toFixed(1),
    ratio.toFixed(2),
    reach.toFixed(2),
    `${rounds.length}`,
  ]);
  console.log(table(['by the clock, ms', 'one thread', 'two', 'ratio', 'two loops', 'rounds'], lines));
  if (rows.length > 0) writeResults('llm-threads', { tries, alone, rows });
}
