// `pnpm bench llm frameworks [ROUNDS]`: a training step of one GPT here, in TensorFlow.js with its matrix product mended, and in jax-js, all three
// on WebAssembly in one process, by turns, in processor time of all threads. Each begins at the same parameters, and must find the same loss.
import { adamW, languageTrainer, tokenWindows } from '@fedkit/llm';
import { seededRng } from '@fedkit/core';
import { cpuSeconds, interleave, table, type Timed, writeResults } from '../shared/measure.ts';
import { yardstick } from '../shared/yardstick.ts';
import { type GptStep, gptOf } from './gpt.ts';
import { jaxStep, VERSION as JAX } from './jax-gpt.ts';
import { tfjsStep } from './tfjs-gpt.ts';

const WIDTHS = [64, 128, 256];
/** How much faster than each we mean to be, at every width. */
const GOALS = { tfjs: 3.5, jax: 2 };
/** A call copies the parameters in and out, which a client does once a round. */
const STEPS = 4;

/** Processor milliseconds of a step. */
function timedStep(step: GptStep): Timed {
  return async () => {
    const before = process.cpuUsage();
    for (let i = 0; i < STEPS; i++) await step();
    return (1000 * cpuSeconds(before)) / STEPS;
  };
}

/** Prints and stores the ratios. */
export async function compareFrameworks(rounds: number): Promise<void> {
  const machine = yardstick();
  const candidates: Record<string, Timed> = {};
  for (const width of WIDTHS) {
    const { gpt, model, start } = gptOf(width);
    const { batch, length, inputs, targets } = gpt;
    const rows = Array.from({ length: batch }, (_, row) => [
      ...inputs.subarray(row * length, (row + 1) * length),
      targets[(row + 1) * length - 1],
    ]);
    const windows = tokenWindows(rows, { length });
    const own = model.evaluate(start, windows).loss;
    const peers = { tfjs: await tfjsStep(gpt), jax: await jaxStep(gpt) };
    for (const [name, step] of Object.entries(peers)) {
      const other = await step();
      if (!(Math.abs(other - own) < 1e-3)) throw new Error(`${name} d${width}: loss ${other}, and ${own} here`);
      candidates[`${name} d${width}`] = timedStep(step);
    }
    const trainer = languageTrainer(model, windows, { optimizer: adamW() });
    candidates[`d${width}`] = async () => {
      const options = { steps: STEPS, batchSize: batch, learningRate: gpt.learningRate, rng: seededRng(1) };
      const before = process.cpuUsage();
      await trainer.train(start, {}, options);
      return (1000 * cpuSeconds(before)) / STEPS;
    };
  }
  const times = await interleave(candidates, rounds);
  const steps = WIDTHS.map((width) => {
    const [own, tfjs, jax] = [times[`d${width}`], times[`tfjs d${width}`], times[`jax d${width}`]];
    return { width, own, tfjs, jax, overTfjs: tfjs / own, overJax: jax / own };
  });
  console.log(
    table(
      [
        'step',
        'ms',
        'tfjs 4.22.0, mended',
        `jax-js ${JAX}`,
        `× tfjs (goal ${GOALS.tfjs})`,
        `× jax-js (goal ${GOALS.jax})`,
      ],
      steps.map(({ width, own, tfjs, jax, overTfjs, overJax }) => [
        `d${width}`,
        ...[own, tfjs, jax].map((time) => time.toFixed(1)),
        ...[overTfjs, overJax].map((ratio) => ratio.toFixed(2)),
      ]),
    ),
  );
  writeResults('llm-frameworks', { jax: JAX, rounds, goals: GOALS, steps }, machine());
}
