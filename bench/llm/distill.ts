// `pnpm bench llm distill [SEEDS]`: a student of a quarter of the teacher's parameters, trained on labels alone and on the teacher
// too, equal steps; how much of the gap to the teacher distilling closes. Goes on where it stopped.
import { seededRng } from '@fedkit/core';
import { adamW, cosineSchedule, languageTrainer, publicLogits, transformer, type Windows } from '@fedkit/llm';
import { LENGTH, pretrained, smallModel } from '../../examples/llm/model.ts';
import { readPresidents } from '../../examples/llm/presidents.ts';
import { SMALL } from '../../examples/llm/shape.ts';
import { table, writeResults } from '../shared/measure.ts';
import { KeptResults, percent } from './kept-results.ts';

const STUDENT = { ...SMALL, width: 40, layers: 2, hidden: 75 } as const;
const SETTING = { windows: 1500, steps: 1200, batchSize: 16, learningRate: 4e-3 } as const;
/** Temperature and share of the teacher. */
const ARMS = {
  labels: undefined,
  'τ = 1, teacher alone': { temperature: 1, share: 1 },
  'τ = 2, half': { temperature: 2, share: 0.5 },
} as const;

/** Windows spread over all of a text. */
function spread({ length, tokens, targets }: Windows, count: number): Windows {
  const stride = Math.floor(tokens.length / length / count);
  const some = (values: Int32Array) => {
    const own = new Int32Array(count * length);
    for (let i = 0; i < count; i++)
      own.set(values.subarray(i * stride * length, (i * stride + 1) * length), i * length);
    return own;
  };
  return { length, tokens: some(tokens), targets: some(targets) };
}

/** Prints and stores the shares. */
export async function compareDistilling(seeds: number): Promise<void> {
  const teacher = smallModel();
  const params = pretrained(teacher);
  const student = transformer(STUDENT);
  const { published, publishedTest } = readPresidents({ train: 1, test: 1 });
  const windows = spread(published, SETTING.windows);
  const kept = new KeptResults<number>('llm-distill', { STUDENT, SETTING, ARMS, LENGTH });
  const best = teacher.evaluate(params, publishedTest).loss;
  let logits: Float32Array | undefined;
  const closed = new Map<string, number[]>();
  const losses: Record<string, number[]> = {};
  for (let seed = 1; seed <= seeds; seed++) {
    const found: Record<string, number> = {};
    for (const [name, how] of Object.entries(ARMS)) {
      found[name] = await kept.part(`${name}, seed ${seed}`, async () => {
        if (how) logits ??= publicLogits(teacher, params, windows);
        const trainer = languageTrainer(student, windows, {
          optimizer: adamW({ maxNorm: 1, schedule: cosineSchedule({ warmUp: 50, total: SETTING.steps, floor: 0.05 }) }),
          ...(how && { teacher: { logits: logits as Float32Array, ...how } }),
        });
        const start = student.init(seededRng(seed));
        const { steps, batchSize, learningRate } = SETTING;
        const { values } = await trainer.train(
          start,
          {},
          { steps, batchSize, learningRate, rng: seededRng(100 + seed) },
        );
        return student.evaluate(
          start.map((value, i) => value + values[i]),
          publishedTest,
        ).loss;
      });
      losses[name] = [...(losses[name] ?? []), found[name]];
      if (how) {
        const share = (found.labels - found[name]) / (found.labels - best);
        closed.set(name, [...(closed.get(name) ?? []), share]);
      }
      console.log(`seed ${seed}, ${name}: loss ${found[name].toFixed(4)}, teacher ${best.toFixed(4)}`);
    }
  }
  const rows = [...closed].map(([name, own]) => {
    const mean = losses[name].reduce((sum, loss) => sum + loss, 0) / seeds;
    return [name, percent(own), Math.exp(mean - best).toFixed(3)];
  });
  console.log(
    `\nstudent ${student.layout.size} of ${teacher.layout.size} parameters\n${table(['distilled', 'gap closed', "perplexity, teacher's = 1"], rows)}`,
  );
  writeResults('llm-distill', {
    student: STUDENT,
    setting: SETTING,
    teacher: best,
    losses,
    closed: Object.fromEntries(closed),
  });
}
