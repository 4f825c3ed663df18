/**
 * Makes `base.safetensors` and its log: the small model trained on the public text. Run once a release, by hand.
 *
 * @module
 */
import { writeFileSync } from 'node:fs';
import { encodeSafetensors, seededRng } from '@fedkit/core';
import { adamW, cosineSchedule, languageTrainer } from '@fedkit/llm';
import { smallModel } from './model.ts';
import { readPresidents } from './presidents.ts';

const STEPS = Number(process.argv[2] ?? 3000);
const model = smallModel();
const { published, publishedTest } = readPresidents({ train: 1, test: 1 });
const optimizer = adamW({
  beta2: 0.99,
  weightDecay: 0.05,
  maxNorm: 1,
  moments: 'kept',
  schedule: cosineSchedule({ warmUp: 100, total: STEPS, floor: 0.05 }),
});
const trainer = languageTrainer(model, published, { optimizer });
const rng = seededRng(1);
let params = model.init(seededRng(0));
const log: { step: number; bitsPerByte: number; seconds: number }[] = [];
const seconds = () => process.cpuUsage().user / 1e6;
for (let step = 0; step <= STEPS; ) {
  const bitsPerByte = model.evaluate(params, publishedTest).loss / Math.LN2;
  log.push({ step, bitsPerByte: Number(bitsPerByte.toFixed(4)), seconds: Math.round(seconds()) });
  console.log(`step ${step}: ${bitsPerByte.toFixed(3)} bits a byte on held-out public text, ${seconds().toFixed(0)} s`);
  const steps = Math.min(250, STEPS - step);
  if (steps === 0) break;
  const { values } = await trainer.train(params, {}, { steps, batchSize: 16, learningRate: 4e-3, rng });
  params = params.map((value, i) => value + values[i]);
  step += steps;
}
const metadata = { text: 'addresses on the State of the Union up to 1900', steps: String(STEPS) };
const file = encodeSafetensors({ layout: model.layout, values: params, metadata, types: 'F16' });
writeFileSync(new URL('./base.safetensors', import.meta.url), file);
writeFileSync(
  new URL('./base.json', import.meta.url),
  `${JSON.stringify({ parameters: params.length, bytes: file.length, log }, null, 2)}\n`,
);
