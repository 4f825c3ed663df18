// `pnpm bench llm sparseloco [SEEDS]`: what SparseLoCo keeps of the uncompressed fall in held-out loss after 200 rounds: it
// sends 1/64 of the coordinates a round. Goes on where it stopped.
import { sparseLoCo } from '@fedkit/compression';
import { SETTING } from '../../examples/llm/arms.ts';
import { bitsPerByte, federate } from '../../examples/llm/federation.ts';
import { pretrained, smallModel } from '../../examples/llm/model.ts';
import { readPresidents } from '../../examples/llm/presidents.ts';
import { table, writeResults } from '../shared/measure.ts';
import { KeptResults, percent, spread } from './kept-results.ts';

const PLAN = { ...SETTING, authors: 8, rounds: 200, steps: 2, batchSize: 4, learningRate: 1e-3 };

/** Prints and stores the shares. */
export async function compareSparse(seeds: number): Promise<void> {
  const model = smallModel();
  const start = pretrained(model);
  // The first ones alone write as the published text does: there is next to nothing to gain, and it is soon learned by heart.
  const authors = spread(readPresidents(PLAN).authors, PLAN.authors);
  const kept = new KeptResults<{ bits: number; bytesUp: number }>('llm-sparseloco', {
    PLAN,
    names: authors.map(({ name }) => name),
    size: start.length,
  });
  const base = bitsPerByte(model, () => start, authors);
  const rows: string[][] = [];
  const shares: number[] = [];
  for (let seed = 1; seed <= seeds; seed++) {
    const run = (name: string) =>
      kept.part(`${name}, seed ${seed}`, async () => {
        const codec = name === 'SparseLoCo' ? sparseLoCo() : undefined;
        const { params, rounds } = await federate(
          model,
          start,
          authors,
          { ...PLAN, seed },
          { codec, quiet: true },
          () => {},
        );
        return { bits: bitsPerByte(model, () => params, authors), bytesUp: rounds[rounds.length - 1].bytesUp };
      });
    const [plain, sparse] = [await run('uncompressed'), await run('SparseLoCo')];
    shares.push((base - sparse.bits) / (base - plain.bits));
    rows.push([
      `${seed}`,
      plain.bits.toFixed(4),
      sparse.bits.toFixed(4),
      percent(shares.slice(-1)),
      `${sparse.bytesUp}`,
    ]);
    console.log(rows[rows.length - 1].join('  '));
  }
  console.log(
    `\n${table(['seed', 'uncompressed', 'SparseLoCo', 'kept', 'bytes up'], rows)}\n\nkept: ${percent(shares)}`,
  );
  writeResults('llm-sparseloco', { plan: PLAN, base, shares });
}
