// `pnpm bench llm federated [SEEDS]`: how much of the fall in held-out loss that training in one place gets the federation
// keeps, by the server's optimizer, at equal tokens and equal sequential steps. Goes on where it stopped.
import { fedAdam, fedAvgM } from '@fedkit/core';
import { sgd } from '@fedkit/llm';
import { SETTING, type Setting } from '../../examples/llm/arms.ts';
import { alone, bitsPerByte, centralize, federate, type Variant } from '../../examples/llm/federation.ts';
import { pretrained, smallModel } from '../../examples/llm/model.ts';
import { readPresidents } from '../../examples/llm/presidents.ts';
import { table, writeResults } from '../shared/measure.ts';
import { KeptResults, percent, spread } from './kept-results.ts';

/** As the demo, with half of its presidents: arms are many. */
const PLAN: Setting = { ...SETTING, authors: 8 };
/** Sequential steps of everybody. */
const STEPS = PLAN.rounds * PLAN.steps;

interface Candidate {
  readonly rounds: number;
  readonly variant: () => Variant;
  /** On the devices; default the demo's, which centralized training has too. */
  readonly learningRate?: number;
}

const kept = { moments: 'kept' } as const;
const CANDIDATES: Readonly<Record<string, Candidate>> = {
  'FedAvg, moments kept, 24 × 4': { rounds: 24, variant: () => kept },
  'FedAvg, moments kept, 48 × 2': { rounds: 48, variant: () => kept },
  'FedAvg, moments kept, 24 × 4, rate 0.003': { rounds: 24, variant: () => kept, learningRate: 3e-3 },
  'FedAvg, moments kept, 12 × 8': { rounds: 12, variant: () => kept },
  'Nesterov 1/0.2, moments kept, 24 × 4': {
    rounds: 24,
    variant: () => ({ algorithm: fedAvgM({ learningRate: 1, momentum: 0.2 }), ...kept }),
  },
  'FedAdam 0.003, 24 × 4': { rounds: 24, variant: () => ({ algorithm: fedAdam({ learningRate: 0.003 }) }) },
  // One gradient a round, whose mean is the whole cohort's, and Adam where it comes together, at the rate of centralized training.
  'FedAdam 0.002, corrected, 96 × 1': {
    rounds: STEPS,
    variant: () => ({
      algorithm: fedAdam({ learningRate: 2e-3, beta2: 0.999, tau: 1e-8, biasCorrection: true }),
      local: sgd(),
    }),
    learningRate: 1,
  },
  'FedAvg, 24 × 4': { rounds: 24, variant: () => ({}) },
  'Nesterov 0.3/0.9, 12 × 8': {
    rounds: 12,
    variant: () => ({ algorithm: fedAvgM({ learningRate: 0.3, momentum: 0.9 }) }),
  },
};

/** Prints and stores the shares. */
export async function compareOuter(seeds: number): Promise<void> {
  const model = smallModel();
  const start = pretrained(model);
  const authors = spread(readPresidents(PLAN).authors, PLAN.authors);
  const results = new KeptResults<number>('llm-federated', {
    PLAN,
    names: authors.map(({ name }) => name),
    size: start.length,
  });
  const base = bitsPerByte(model, () => start, authors);
  const falls = new Map<string, number[]>();
  const note = (name: string, fall: number) => falls.set(name, [...(falls.get(name) ?? []), fall]);
  for (let seed = 1; seed <= seeds; seed++) {
    const setting: Setting = { ...PLAN, seed };
    const bits = (name: string, find: () => Promise<(author: number) => Float32Array>) =>
      results.part(`${name}, seed ${seed}`, async () => bitsPerByte(model, await find(), authors));
    const central = await bits('centralized', async () => {
      const params = await centralize(model, start, authors, setting);
      return () => params;
    });
    const report = (name: string, own: number) => {
      const share = (base - own) / (base - central);
      note(name, share);
      console.log(
        `seed ${seed}, ${name}: ${own.toFixed(4)} bits a byte, ${(100 * share).toFixed(1)} % of ${(base - central).toFixed(4)}`,
      );
    };
    const local = await bits('local only', async () => {
      const own = await alone(
        model,
        authors.map(() => start),
        authors,
        setting,
      );
      return (author) => own[author];
    });
    report('local only', local);
    for (const [name, { rounds, variant, learningRate = setting.learningRate }] of Object.entries(CANDIDATES)) {
      const plan = { ...setting, rounds, steps: STEPS / rounds, learningRate };
      const own = await bits(name, async () => {
        const { params } = await federate(model, start, authors, plan, { ...variant(), quiet: true }, () => {});
        return () => params;
      });
      report(name, own);
    }
  }
  console.log(
    `\n${table(
      ['kept of what training in one place gains', `${seeds} seeds`],
      [...falls].map(([name, own]) => [name, percent(own)]),
    )}`,
  );
  writeResults('llm-federated', { setting: PLAN, base, shares: Object.fromEntries(falls) });
}
