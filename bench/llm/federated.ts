// `pnpm bench llm federated [SEEDS]`: how much of the fall in held-out loss that training in one place gets the federation
// keeps, by the server's optimizer, at equal tokens and equal sequential steps. Goes on where it stopped.
import { fedAdam, fedAvgM } from '@fedkit/core';
import { SETTING, type Setting } from '../../examples/llm/arms.ts';
import { alone, bitsPerByte, centralize, federate, type Variant } from '../../examples/llm/federation.ts';
import { pretrained, smallModel } from '../../examples/llm/model.ts';
import { readPresidents } from '../../examples/llm/presidents.ts';
import { table, writeResults } from '../shared/measure.ts';
import { KeptResults, percent } from './kept-results.ts';

interface Candidate {
  /** Rounds × local steps are 96 for everybody. */
  readonly rounds: number;
  readonly variant: () => Variant;
}

const nesterov = (learningRate: number, momentum: number) => fedAvgM({ learningRate, momentum });
const CANDIDATES: Readonly<Record<string, Candidate>> = {
  'FedAvg, 12 × 8': { rounds: 12, variant: () => ({}) },
  'FedAvg, moments kept, 12 × 8': { rounds: 12, variant: () => ({ moments: 'kept' }) },
  'FedAvg, 24 × 4': { rounds: 24, variant: () => ({}) },
  'FedAdam 0.003, 24 × 4': { rounds: 24, variant: () => ({ algorithm: fedAdam({ learningRate: 0.003 }) }) },
  'Nesterov 0.3/0.9, 12 × 8': { rounds: 12, variant: () => ({ algorithm: nesterov(0.3, 0.9) }) },
  'Nesterov 1/0.5, 12 × 8': { rounds: 12, variant: () => ({ algorithm: nesterov(1, 0.5) }) },
  'Nesterov 0.7/0.8, 24 × 4': { rounds: 24, variant: () => ({ algorithm: nesterov(0.7, 0.8) }) },
  'Nesterov 0.7/0.8, moments kept, 24 × 4': {
    rounds: 24,
    variant: () => ({ algorithm: nesterov(0.7, 0.8), moments: 'kept' }),
  },
  'Nesterov 0.7/0.9, moments kept, 24 × 4': {
    rounds: 24,
    variant: () => ({ algorithm: nesterov(0.7, 0.9), moments: 'kept' }),
  },
};
const STEPS = SETTING.rounds * SETTING.steps;

/** Prints and stores the shares. */
export async function compareOuter(seeds: number): Promise<void> {
  const model = smallModel();
  const start = pretrained(model);
  const authors = readPresidents(SETTING).authors.slice(0, SETTING.authors);
  const kept = new KeptResults<number>('llm-federated', { SETTING, size: start.length });
  const base = bitsPerByte(model, () => start, authors);
  const falls = new Map<string, number[]>();
  const note = (name: string, fall: number) => falls.set(name, [...(falls.get(name) ?? []), fall]);
  for (let seed = 1; seed <= seeds; seed++) {
    const setting: Setting = { ...SETTING, seed };
    const bits = (name: string, find: () => Promise<(author: number) => Float32Array>) =>
      kept.part(`${name}, seed ${seed}`, async () => bitsPerByte(model, await find(), authors));
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
    for (const [name, { rounds, variant }] of Object.entries(CANDIDATES)) {
      const plan = { ...setting, rounds, steps: STEPS / rounds };
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
  writeResults('llm-federated', { setting: SETTING, base, shares: Object.fromEntries(falls) });
}
