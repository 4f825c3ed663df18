// `pnpm bench llm draw`: the pictures of docs/techniques.md, from bench/results alone.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { interval } from './kept-results.ts';
import { type Bar, barPicture, curvePicture } from './picture.ts';

const RESULTS = join(import.meta.dirname, '../results');
export const PICTURES = join(import.meta.dirname, '../../docs/pictures/techniques');

function resultsOf<T>(name: string): T {
  return (JSON.parse(readFileSync(join(RESULTS, `${name}.json`), 'utf8')) as { results: T }).results;
}

const percent = (value: number, digits = 0) => `${(100 * value).toFixed(digits)} %`;

/** A bar of several seeds. */
function barOf(label: string, values: readonly number[], digits: number): Bar {
  const { mean, half } = interval(values);
  const bounded = Number.isFinite(half);
  const text = bounded ? `${percent(mean, digits)} ± ${(100 * half).toFixed(digits)}` : percent(mean, digits);
  return { label, value: mean, ...(bounded && { half }), text };
}

type Named<T> = Readonly<Record<string, T>>;

interface Distances {
  readonly sent: number;
  readonly distances: readonly number[];
}

const curvesOf = (found: Named<Distances>) =>
  Object.fromEntries(Object.entries(found).map(([name, { sent, distances }]) => [`${name}, ${sent}:`, distances]));

/** By file name, each with the result that it is drawn from. */
export const DRAWINGS: Named<{ readonly from: string; readonly draw: () => string }> = {
  'split-learning': {
    from: 'llm-split',
    draw() {
      const { leaks } = resultsOf<{ leaks: { after: string; noise: number; share: number }[] }>('llm-split');
      const cut: Named<string> = {
        'model.embed_tokens': 'embedding',
        'model.layers.1': 'second block',
        'model.layers.3': 'fourth block',
      };
      const bars = leaks.map(({ after, noise, share }) => ({
        label: `cut behind the ${cut[after]}, noise ${noise}`,
        value: share,
        text: percent(share),
      }));
      return barPicture('Tokens that a server reads from states', bars);
    },
  },
  pruning: {
    from: 'llm-prune',
    draw() {
      const { found } = resultsOf<{ found: Named<number[]> }>('llm-prune');
      const { whole, ...arms } = found;
      const bars = Object.entries(arms).map(([name, bits]) =>
        barOf(
          name,
          bits.map((own, i) => own / whole[i] - 1),
          1,
        ),
      );
      return barPicture('Loss above the whole model’s, half of the weights pruned', bars, { at: 0.03, label: '3 %' });
    },
  },
  factors: {
    from: 'llm-techniques',
    draw() {
      const { factors } = resultsOf<{
        factors: { whole: number; found: { rank: number; share: number; bits: number }[] };
      }>('llm-techniques');
      const bars = factors.found.map(({ rank, share, bits }) => ({
        label: `rank ${rank}, ${percent(share)} of the values`,
        value: bits,
        text: bits.toFixed(2),
      }));
      const level = { at: factors.whole, label: `the model itself, ${factors.whole.toFixed(2)}` };
      return barPicture('Bits a byte of factors alone, before any training', bars, level);
    },
  },
  'low-rank': {
    from: 'llm-techniques',
    draw() {
      const { thin } = resultsOf<{ thin: Named<Distances> }>('llm-techniques');
      return curvePicture('Distance to the optimum of a matrix of 2000 values, by values a round', curvesOf(thin), 2);
    },
  },
  places: {
    from: 'llm-techniques',
    draw() {
      const { places } = resultsOf<{ places: Named<Distances> }>('llm-techniques');
      return curvePicture(
        'Distance to the optimum of 4800 values, by the share that travels a round',
        curvesOf(places),
        2,
      );
    },
  },
  sketches: {
    from: 'llm-techniques',
    draw() {
      const { few } = resultsOf<{ few: Named<Distances> }>('llm-techniques');
      return curvePicture('Distance to an optimum with 24 large values of 4800, by values a round', curvesOf(few), 2);
    },
  },
  distillation: {
    from: 'llm-distill',
    draw() {
      const { closed } = resultsOf<{ closed: Named<number[]> }>('llm-distill');
      const bars = Object.entries(closed).map(([name, shares]) => barOf(name, shares, 0));
      return barPicture('Gap to the teacher that a student of a quarter closes', bars, { at: 0.25, label: '25 %' });
    },
  },
  votes: {
    from: 'llm-techniques',
    draw() {
      const { votes } = resultsOf<{ votes: { epsilon: number; answers: number }[] }>('llm-techniques');
      const bars = votes.map(({ epsilon, answers }) => ({
        label: `ε = ${epsilon}`,
        value: answers,
        text: `${answers}`,
      }));
      return barPicture('Answers of confident votes that a budget buys', bars);
    },
  },
  layers: {
    from: 'llm-techniques',
    draw() {
      const { layers } = resultsOf<{ layers: { values: number; operations: number }[] }>('llm-techniques');
      const curves = {
        bytes: layers.map(({ values }) => values),
        operations: layers.map(({ operations }) => operations),
      };
      return curvePicture('Of the whole model’s, by round: blocks join from the head down', curves, 2);
    },
  },
  drift: {
    from: 'llm-drift',
    draw() {
      const { found } = resultsOf<{ found: Named<number[][][]> }>('llm-drift');
      const curves = Object.fromEntries(
        Object.entries(found).map(([name, seeds]) => [
          name,
          seeds[0].slice(1).map((_, t) => seeds.reduce((sum, losses) => sum + losses[t + 1][0] / seeds.length, 0)),
        ]),
      );
      return curvePicture('Loss on the first president, president after president', curves, 2);
    },
  },
  retrieval: {
    from: 'llm-retrieval-shorthand',
    draw() {
      const { recall } = resultsOf<{ recall: Named<{ recall5: number; queries: number }> }>('llm-retrieval-shorthand');
      const bars = Object.entries(recall).map(([label, { recall5 }]) => ({
        label,
        value: recall5,
        text: percent(recall5, 1),
      }));
      return barPicture('Own passages among the first five, asked for in shorthand', bars);
    },
  },
};

/** Draws what there are results of. */
export function drawTechniques(): void {
  mkdirSync(PICTURES, { recursive: true });
  for (const [name, { from, draw }] of Object.entries(DRAWINGS)) {
    if (!existsSync(join(RESULTS, `${from}.json`))) {
      console.log(`${name}: no bench/results/${from}.json`);
      continue;
    }
    writeFileSync(join(PICTURES, `${name}.svg`), draw());
    console.log(name);
  }
}
