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
import { adamW, languageTrainer, magnitudeMask, MovementScores, prune } from '@fedkit/llm';
import type { Author } from '../../examples/llm/authors.ts';
import { bitsPerByte } from '../../examples/llm/federation.ts';
import { LENGTH, pretrained, smallModel } from '../../examples/llm/model.ts';
import { readPresidents } from '../../examples/llm/presidents.ts';
import { table, writeResults } from '../shared/measure.ts';
import { KeptResults, percent } from './kept-results.ts';

const SETTING = {
  authors: 8,
  train: 120,
  test: 24,
  rounds: 12,
  steps: 4,
  batchSize: 6,
  learningRate: 2e-3,
  density: 0.5,
  /** Rounds whose released updates movement is read from. */
  warmUp: 4,
} as const;
const ARMS = ['whole', 'magnitude', 'movement'] as const;

/** Prints and stores the table. */
export async function comparePruning(seeds: number): Promise<void> {
  const model = smallModel();
  const { layout } = model;
  const base = pretrained(model);
  const { authors: all } = readPresidents(SETTING);
  const authors = all.slice(0, SETTING.authors);
  const kept = new KeptResults<number>('llm-prune', { SETTING, LENGTH });

  /** Rounds of FedAvg over what a mask keeps, or over everything. */
  const rounds = async (
    start: Float32Array,
    count: number,
    seed: number,
    mask: Selection | undefined,
    onRound: (params: Float32Array) => void = () => {},
  ): Promise<Float32Array> => {
    const algorithm = fedAvg();
    const size = mask?.size ?? layout.size;
    let state = algorithm.init(mask ? mask.gather(start) : start);
    const whole = (params: Float32Array) => (mask ? mask.scatter(params, prune(mask, start)) : params);
    const trainers = authors.map(({ train }: Author): Trainer => {
      const trainer = languageTrainer(model, train, { optimizer: adamW({ maxNorm: 1 }) });
      return mask ? selectedTrainer(trainer, mask, prune(mask, start)) : trainer;
    });
    for (let round = 1; round <= count; round++) {
      const aggregator = algorithm.aggregator(size);
      const sum = aggregator.create();
      for (const [i, trainer] of trainers.entries()) {
        const { steps, batchSize, learningRate } = SETTING;
        const options = { steps, batchSize, learningRate, rng: seededRng(seed).fork('client', round, i) };
        const { contribution } = await algorithm.clientRound({
          broadcast: algorithm.broadcast(state),
          trainer,
          options,
        });
        aggregator.accumulate(sum, contribution);
      }
      const cohort = authors.length;
      state = algorithm.serverStep(state, aggregator.finalize(sum), { round, cohort, population: cohort });
      onRound(whole(algorithm.params(state)));
    }
    return whole(algorithm.params(state));
  };

  const maskOf = async (arm: (typeof ARMS)[number], seed: number): Promise<[Selection | undefined, Float32Array]> => {
    const { density } = SETTING;
    if (arm === 'whole') return [undefined, base];
    if (arm === 'magnitude') return [magnitudeMask(layout, base, { density }), base];
    const scores = new MovementScores(layout);
    let before = base;
    const warm = await rounds(base, SETTING.warmUp, seed, undefined, (params) => {
      scores.add(before, params);
      before = params.slice();
    });
    return [scores.mask({ density }), warm];
  };

  const found: Record<string, number[]> = {};
  const bytes = new Map<string, number>();
  for (const arm of ARMS) {
    // Masks of one density keep as many values.
    const [mask] = await maskOf(arm === 'movement' ? 'magnitude' : arm, 1);
    const own = mask ? selectedLayout(mask) : layout;
    bytes.set(arm, encodeSafetensors({ layout: own, values: new Float32Array(own.size) }).length);
  }
  for (let seed = 1; seed <= seeds; seed++) {
    for (const arm of ARMS) {
      const bits = await kept.part(`${arm}, seed ${seed}`, async () => {
        const [mask, start] = await maskOf(arm, seed);
        const left = arm === 'movement' ? SETTING.rounds - SETTING.warmUp : SETTING.rounds;
        const params = await rounds(start, left, seed, mask);
        return bitsPerByte(model, () => params, authors);
      });
      found[arm] = [...(found[arm] ?? []), bits];
      console.log(`seed ${seed}, ${arm}: ${bits.toFixed(4)} bits a byte`);
    }
  }
  const rows = ARMS.map((arm) => [
    arm,
    ((bytes.get(arm) ?? 0) / (bytes.get('whole') ?? 1)).toFixed(3),
    percent(found[arm].map((bits, i) => bits / found.whole[i] - 1)),
  ]);
  console.log(`\n${table(['half of the weights by', 'bytes of an update', 'loss above the whole'], rows)}`);
  writeResults('llm-prune', { setting: SETTING, found, bytes: Object.fromEntries(bytes) });
}
