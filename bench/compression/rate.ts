// Error against bits of every codec on four input laws, from its own bytes. pnpm bench compression rate
import {
  codebook,
  dithered,
  eden,
  float16,
  float32,
  measure,
  natural,
  pipe,
  qsgd,
  rotated,
  scaledSign,
  sparseLoCo,
  stc,
  ternary,
  topK,
  uniform,
} from '@fedkit/compression';
import type { Codec } from '@fedkit/core/codec';
import { contextOf, LAWS } from '../../packages/compression/test/support.ts';
import { seededRng } from '@fedkit/core';
import { table, writeResults } from '../shared/measure.ts';

const SIZE = 2 ** 20;
const codecs: Record<string, Codec> = {
  float32: float32(),
  float16: float16(),
  'uniform 8': uniform({ bits: 8 }),
  'uniform 4': uniform({ bits: 4 }),
  'rotated uniform 8': rotated(uniform({ bits: 8 })),
  'rotated uniform 4': rotated(uniform({ bits: 4 })),
  'qsgd 8, buckets of 512': qsgd({ bits: 8 }),
  'qsgd 4, buckets of 512': qsgd({ bits: 4 }),
  ternary: ternary(),
  'scaled sign': scaledSign(),
  natural: natural(),
  'codebook 8': codebook({ bits: 8 }),
  'dithered, step 0.34': dithered({ step: 0.34 }),
  'dithered, step 1': dithered({ step: 1 }),
  'eden 4': eden({ bits: 4 }),
  'eden 2': eden({ bits: 2 }),
  'eden 1': eden({ bits: 1 }),
  'eden 0.5': eden({ bits: 0.5 }),
  'eden 1 min-mse': eden({ bits: 1, scale: 'min-mse' }),
  'top 1 %': topK({ density: 0.01 }),
  'top 1 % | eden 4': pipe(topK({ density: 0.01 }), eden({ bits: 4 })),
  'stc 1/100': stc({ density: 1 / 100 }),
  'stc 1/400': stc({ density: 1 / 400 }),
  SparseLoCo: sparseLoCo(),
};

const inputs = Object.entries(LAWS).map(([law, draw]) => [law, draw(SIZE, seededRng(law))] as const);
const results = Object.entries(codecs).map(([name, codec]) => ({
  name,
  laws: Object.fromEntries(inputs.map(([law, values]) => [law, measure(codec, values, contextOf(name))])),
}));
console.log(`Bits a coordinate / normalized squared error, one draw of ${SIZE} values each; ratio on normal input.\n`);
console.log(
  table(
    ['codec', 'ratio', ...inputs.map(([law]) => law)],
    results.map(({ name, laws }) => [
      name,
      laws.normal.ratio.toFixed(1),
      ...Object.values(laws).map(
        ({ bitsPerCoordinate, nmse }) => `${bitsPerCoordinate.toFixed(3)} / ${nmse.toPrecision(3)}`,
      ),
    ]),
  ),
);
writeResults('compression-rate', { size: SIZE, results });
