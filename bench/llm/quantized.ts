// `pnpm bench llm quantized`: what a base costs to distribute in each kind, and how well it then predicts.
import { adapt, freeze, full } from '@fedkit/llm';
import { seededRng } from '@fedkit/core';
import { pretrained, smallModel } from '../../examples/llm/model.ts';
import { readPresidents } from '../../examples/llm/presidents.ts';
import { table, writeResults } from '../shared/measure.ts';

const KINDS = ['f32', 'f16', 'q8_0', 'q4_1', 'q4_0', 'nf4'] as const;

/** Prints and stores sizes and perplexities of the example's base on held-out public text. */
export function compareKinds(): void {
  const model = smallModel();
  const params = pretrained(model);
  const { publishedTest } = readPresidents({ train: 1, test: 1 });
  const found = KINDS.map((kind) => {
    const base = freeze(model, params, { kind });
    // Nothing moves: the norm's gains start where the base has them.
    const still = adapt(base, full({ filter: (name) => name === 'model.norm.weight' }));
    const { loss, perplexity } = still.evaluate(still.init(seededRng(1)), publishedTest);
    return { kind, bytes: base.weightBytes, bitsPerByte: loss / Math.LN2, perplexity };
  });
  const rows = found.map(({ kind, bytes, bitsPerByte, perplexity }) => [
    kind,
    bytes.toLocaleString('en'),
    bitsPerByte.toFixed(4),
    perplexity.toFixed(4),
    `${(100 * (perplexity / found[0].perplexity - 1)).toFixed(2)} %`,
  ]);
  console.log(table(['kind', 'bytes', 'bits a byte', 'perplexity', 'above f32'], rows));
  writeResults('llm-quantized', { found });
}
