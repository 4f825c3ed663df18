// `pnpm bench llm drift [SEEDS]`: presidents in the order of time, one after the other. What a model forgets of those before, and
// what it gains on the next, by how it holds on to what it knew. Goes on where it stopped.
import { join } from 'node:path';
import { seededRng, type Trainer } from '@fedkit/core';
import { adamW, anchoredTrainer, diagonalFisher, joinWindows, languageTrainer, type Windows } from '@fedkit/llm';
import { LENGTH, pretrained, smallModel } from '../../examples/llm/model.ts';
import { readPresidents } from '../../examples/llm/presidents.ts';
import { lineChart } from '../../examples/report/chart.ts';
import { STYLE } from '../../examples/report/style.ts';
import { writeFiles } from '../../examples/report/write-files.ts';
import { table, writeResults } from '../shared/measure.ts';
import { KeptResults, percent } from './kept-results.ts';

const SETTING = { periods: 6, train: 120, test: 24, steps: 80, batchSize: 8, learningRate: 2e-3 } as const;
/** Strengths of the two anchors, and windows of every earlier president that are kept. */
const HOLD = { proximal: 0.1, fisher: 300, rehearsed: 24 } as const;
const ARMS = ['naive', 'proximal', 'EWC', 'rehearsal', 'EWC and rehearsal'] as const;

function firstOf({ length, tokens, targets }: Windows, count: number): Windows {
  return { length, tokens: tokens.slice(0, count * length), targets: targets.slice(0, count * length) };
}

/** Losses in nats on every president's held-out text: row 0 of the base, row t after period t. */
type Losses = readonly (readonly number[])[];

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Rise of the loss on earlier presidents since their own period, the mean over them. */
const forgotten = (losses: Losses) =>
  mean(losses[0].slice(0, -1).map((_, p) => losses[losses.length - 1][p] - losses[p + 1][p]));
/** Fall of the loss on a president over his own period, the mean over them. */
const gained = (losses: Losses) => mean(losses[0].map((_, p) => losses[p][p] - losses[p + 1][p]));
/** Forward transfer: fall of the loss on a president by all periods before his own (Lopez-Paz and Ranzato, 2017). */
const forward = (losses: Losses) => mean(losses[0].slice(1).map((loss, p) => loss - losses[p + 1][p + 1]));

/** Prints and stores the shares. */
export async function compareDrift(seeds: number): Promise<void> {
  const model = smallModel();
  const { authors } = readPresidents(SETTING);
  const periods = authors.slice(0, SETTING.periods);
  const kept = new KeptResults<Losses>('llm-drift', {
    SETTING,
    HOLD,
    LENGTH,
    measured: 'every president after every period',
  });

  const run = async (arm: string, seed: number): Promise<Losses> => {
    let params = pretrained(model);
    const fisher = new Float32Array(params.length);
    const measured = () => periods.map(({ test }) => model.evaluate(params, test).loss);
    const losses = [measured()];
    for (const [period, { train }] of periods.entries()) {
      const rehearsed = periods.slice(0, period).map((own) => firstOf(own.train, HOLD.rehearsed));
      const windows = arm.includes('rehearsal') ? joinWindows([train, ...rehearsed]) : train;
      let trainer: Trainer = languageTrainer(model, windows, { optimizer: adamW({ maxNorm: 1 }) });
      if (arm === 'proximal') trainer = anchoredTrainer(trainer, { at: params, strength: HOLD.proximal });
      if (arm.includes('EWC')) {
        trainer = anchoredTrainer(trainer, { at: params, strength: fisher.map((value) => HOLD.fisher * value) });
      }
      const { steps, batchSize, learningRate } = SETTING;
      const rng = seededRng(seed).fork(period);
      const { values } = await trainer.train(params, {}, { steps, batchSize, learningRate, rng });
      params = params.map((value, i) => value + values[i]);
      losses.push(measured());
      if (arm.includes('EWC')) {
        const own = await diagonalFisher(model, params, firstOf(train, 40));
        own.fisher.forEach((value, i) => {
          fisher[i] += value;
        });
      }
    }
    return losses;
  };

  const found: Record<string, Losses[]> = {};
  for (let seed = 1; seed <= seeds; seed++) {
    for (const arm of ARMS) {
      const own = await kept.part(`${arm}, seed ${seed}`, () => run(arm, seed));
      found[arm] = [...(found[arm] ?? []), own];
      console.log(
        `seed ${seed}, ${arm}: forgotten ${forgotten(own).toFixed(4)}, gained ${gained(own).toFixed(4)} nats`,
      );
    }
  }
  const share = (of: (losses: Losses) => number, arm: string) =>
    percent(found[arm].map((losses, i) => of(losses) / of(found.naive[i])));
  const rows = ARMS.map((arm) => [arm, share(forgotten, arm), share(gained, arm), share(forward, arm)]);
  const head = ['held by', 'forgotten, naive = 100 %', 'gained, naive = 100 %', 'forward, naive = 100 %'];
  console.log(`\n${table(head, rows)}`);
  draw(found);
  writeResults('llm-drift', { setting: SETTING, hold: HOLD, found });
}

/** What is known of the first president after every period, by how the model holds on. */
function draw(found: Readonly<Record<string, readonly Losses[]>>): void {
  const curves = ARMS.map((arm) =>
    found[arm][0].slice(1).map((_, t) => mean(found[arm].map((losses) => losses[t + 1][0]))),
  );
  const all = curves.flat();
  const [from, to] = [Math.min(...all), Math.max(...all)];
  const ticks = Array.from({ length: 200 }, (_, i) => i / 50).filter((tick) => tick >= from && tick <= to);
  const classes = ['first', 'second', 'third', 'central', 'central'];
  const chart = lineChart({
    title: 'Loss on the first president, period after period',
    series: ARMS.map((label, i) => ({ label, className: classes[i], values: curves[i] })),
    levels: [],
    from,
    to,
    scale: (value) => value,
    ticks,
    format: (value) => value.toFixed(2),
  });
  const page = `<!doctype html>\n<meta charset="utf-8">\n<title>Drift</title>\n<style>${STYLE}</style>\n<main>${chart}</main>\n`;
  const out = join(import.meta.dirname, '../../examples/out/llm');
  writeFiles(out, { 'drift.html': page });
  console.log(`drawn in ${join(out, 'drift.html')}`);
}
