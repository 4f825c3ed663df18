// `pnpm bench llm prune [SEEDS]`: half of the weights of the small model, by a mask that every client computes from what is public; what
// travels, and what the loss is beside the whole model after the same rounds. Goes on where it stopped.
import {
  encodeSafetensors,
  fedAvg,
  seededRng,
  selectedLayout,
  selectedTrainer,
  type Selection,
  type Trainer,
} from '@fedkit/core';
import { adamW, gradualDensity, languageTrainer, magnitudeMask, MovementScores, prune } from '@fedkit/llm';
import { bitsPerByte } from '../../examples/llm/federation.ts';
import { LENGTH, pretrained, smallModel } from '../../examples/llm/model.ts';
import { readPresidents } from '../../examples/llm/presidents.ts';
import { table, writeResults } from '../shared/measure.ts';
import { KeptResults, percent, spread } from './kept-results.ts';

const SETTING = {
  authors: 6,
  train: 120,
  test: 24,
  rounds: 16,
  steps: 4,
  batchSize: 6,
  learningRate: 2e-3,
  density: 0.5,
  /** Rounds over which a mask shrinks, and whose released updates movement is read from. */
  warmUp: 8,
} as const;
const ARMS = ['whole', 'magnitude', 'gradual', 'movement'] as const;
type Arm = (typeof ARMS)[number];

/** Prints and stores the table. */
export async function comparePruning(seeds: number): Promise<void> {
  const model = smallModel();
  const { layout } = model;
  const base = pretrained(model);
  const { authors: all } = readPresidents(SETTING);
  const authors = spread(all, SETTING.authors);
  const kept = new KeptResults<number>('llm-prune', {
    SETTING,
    LENGTH,
    moments: 'kept',
    names: authors.map(({ name }) => name),
  });

  /** One round of FedAvg over what a mask keeps, or over everything. @param start - Zero where the mask is. */
  const oneRound = async (
    trainers: readonly Trainer[],
    start: Float32Array,
    mask: Selection | undefined,
    seed: number,
    round: number,
  ) => {
    const algorithm = fedAvg();
    const aggregator = algorithm.aggregator(mask?.size ?? layout.size);
    const sum = aggregator.create();
    const state = algorithm.init(mask ? mask.gather(start) : start);
    for (const [i, whole] of trainers.entries()) {
      const trainer = mask ? selectedTrainer(whole, mask, start) : whole;
      const { steps, batchSize, learningRate } = SETTING;
      const options = { steps, batchSize, learningRate, rng: seededRng(seed).fork('client', round, i) };
      const broadcast = algorithm.broadcast(state);
      aggregator.accumulate(sum, (await algorithm.clientRound({ broadcast, trainer, options })).contribution);
    }
    const cohort = authors.length;
    const next = algorithm.serverStep(state, aggregator.finalize(sum), { round, cohort, population: cohort });
    const params = algorithm.params(next);
    return mask ? mask.scatter(params, start.slice()) : params;
  };

  /** All rounds of an arm; every mask is a function of what was released. */
  const run = async (arm: Arm, seed: number): Promise<Float32Array> => {
    const { density, warmUp } = SETTING;
    const scores = new MovementScores(layout);
    const densityOf = gradualDensity({ density, rounds: warmUp });
    // With fresh moments four steps of AdamW are little more than signs.
    const optimizer = adamW({ maxNorm: 1, moments: 'kept' });
    const trainers = authors.map(({ train }) => languageTrainer(model, train, { optimizer }));
    let params = base;
    let mask: Selection | undefined;
    for (let round = 1; round <= SETTING.rounds; round++) {
      if (arm === 'magnitude' && round === 1) mask = magnitudeMask(layout, params, { density });
      if (arm === 'gradual' && round <= warmUp) mask = magnitudeMask(layout, params, { density: densityOf(round) });
      if (arm === 'movement' && round === warmUp + 1) mask = scores.mask({ density });
      if (mask) params = prune(mask, params);
      const before = params;
      params = await oneRound(trainers, before, mask, seed, round);
      if (arm === 'movement' && round <= warmUp) scores.add(before, params);
    }
    return params;
  };

  const before = bitsPerByte(model, () => base, authors);
  console.log(`before: ${before.toFixed(4)} bits a byte`);
  const found: Record<string, number[]> = {};
  const bytes = new Map<string, number>();
  for (const arm of ARMS) {
    // Masks of one density keep as many values.
    const mask = arm === 'whole' ? undefined : magnitudeMask(layout, base, { density: SETTING.density });
    const own = mask ? selectedLayout(mask) : layout;
    bytes.set(arm, encodeSafetensors({ layout: own, values: new Float32Array(own.size) }).length);
  }
  for (let seed = 1; seed <= seeds; seed++) {
    for (const arm of ARMS) {
      const bits = await kept.part(`${arm}, seed ${seed}`, async () => {
        const params = await run(arm, seed);
        return bitsPerByte(model, () => params, authors);
      });
      found[arm] = [...(found[arm] ?? []), bits];
      console.log(`seed ${seed}, ${arm}: ${bits.toFixed(4)} bits a byte`);
    }
    writeResults('llm-prune', { setting: SETTING, base: before, found, bytes: Object.fromEntries(bytes) });
  }
  const rows = ARMS.map((arm) => [
    arm,
    ((bytes.get(arm) ?? 0) / (bytes.get('whole') ?? 1)).toFixed(3),
    percent(found[arm].map((bits, i) => bits / found.whole[i] - 1)),
  ]);
  console.log(`\n${table(['half of the weights by', 'bytes of an update', 'loss above the whole'], rows)}`);
}
