// `pnpm bench llm drift [SEEDS]`: presidents in the order of time, one after the other. What a model forgets of those before, and
// what it gains on the next, by how it holds on to what it knew. Goes on where it stopped.
import { seededRng, type Trainer } from '@fedkit/core';
import { adamW, anchoredTrainer, diagonalFisher, joinWindows, languageTrainer, type Windows } from '@fedkit/llm';
import { LENGTH, pretrained, smallModel } from '../../examples/llm/model.ts';
import { readPresidents } from '../../examples/llm/presidents.ts';
import { table, writeResults } from '../shared/measure.ts';
import { KeptResults, percent } from './kept-results.ts';

const SETTING = { periods: 6, train: 120, test: 24, steps: 80, batchSize: 8, learningRate: 2e-3 } as const;
/** Strengths of the two anchors, and windows of every earlier president that are kept. */
const HOLD = { proximal: 0.1, fisher: 300, rehearsed: 24 } as const;
const ARMS = ['naive', 'proximal', 'EWC', 'rehearsal', 'EWC and rehearsal'] as const;

function firstOf({ length, tokens, targets }: Windows, count: number): Windows {
  return { length, tokens: tokens.slice(0, count * length), targets: targets.slice(0, count * length) };
}

interface Outcome {
  /** Rise of the loss on earlier presidents, and fall on the present one, means over periods, in nats. */
  readonly forgotten: number;
  readonly gained: number;
}

/** Prints and stores the shares. */
export async function compareDrift(seeds: number): Promise<void> {
  const model = smallModel();
  const { authors } = readPresidents(SETTING);
  const periods = authors.slice(0, SETTING.periods);
  const kept = new KeptResults<Outcome>('llm-drift', { SETTING, HOLD, LENGTH });

  const run = async (arm: string, seed: number): Promise<Outcome> => {
    let params = pretrained(model);
    const fisher = new Float32Array(params.length);
    const after: number[] = [];
    let [forgotten, gained] = [0, 0];
    for (const [period, { train, test }] of periods.entries()) {
      const rehearsed = periods.slice(0, period).map((own) => firstOf(own.train, HOLD.rehearsed));
      const windows = arm.includes('rehearsal') ? joinWindows([train, ...rehearsed]) : train;
      let trainer: Trainer = languageTrainer(model, windows, { optimizer: adamW({ maxNorm: 1 }) });
      if (arm === 'proximal') trainer = anchoredTrainer(trainer, { at: params, strength: HOLD.proximal });
      if (arm.includes('EWC')) {
        trainer = anchoredTrainer(trainer, { at: params, strength: fisher.map((value) => HOLD.fisher * value) });
      }
      const before = model.evaluate(params, test).loss;
      const { steps, batchSize, learningRate } = SETTING;
      const rng = seededRng(seed).fork(period);
      const { values } = await trainer.train(params, {}, { steps, batchSize, learningRate, rng });
      params = params.map((value, i) => value + values[i]);
      after.push(model.evaluate(params, test).loss);
      gained += (before - after[period]) / periods.length;
      if (arm.includes('EWC')) {
        const own = await diagonalFisher(model, params, firstOf(train, 40));
        own.fisher.forEach((value, i) => {
          fisher[i] += value;
        });
      }
    }
    for (const [period, { test }] of periods.slice(0, -1).entries()) {
      forgotten += (model.evaluate(params, test).loss - after[period]) / (periods.length - 1);
    }
    return { forgotten, gained };
  };

  const found: Record<string, Outcome[]> = {};
  for (let seed = 1; seed <= seeds; seed++) {
    for (const arm of ARMS) {
      const own = await kept.part(`${arm}, seed ${seed}`, () => run(arm, seed));
      found[arm] = [...(found[arm] ?? []), own];
      console.log(`seed ${seed}, ${arm}: forgotten ${own.forgotten.toFixed(4)}, gained ${own.gained.toFixed(4)} nats`);
    }
  }
  const rows = ARMS.map((arm) => [
    arm,
    percent(found[arm].map(({ forgotten }, i) => forgotten / found.naive[i].forgotten)),
    percent(found[arm].map(({ gained }, i) => gained / found.naive[i].gained)),
  ]);
  console.log(`\n${table(['held by', 'forgotten, naive = 100 %', 'gained, naive = 100 %'], rows)}`);
  writeResults('llm-drift', { setting: SETTING, hold: HOLD, found });
}
