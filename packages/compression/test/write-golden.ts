// Writes test/vectors/golden.json: `pnpm exec tsx --conditions=@fedkit/source packages/compression/test/write-golden.ts`.
// A change of these bytes is a change of the wire format: it needs a new version.
import { writeFileSync } from 'node:fs';
import { bitPatterns, GOLDEN_CONTEXT, GOLDEN_INPUTS, goldenVectors, hex } from './golden.ts';

const golden = {
  source:
    'This package, wire format version 1; written by test/write-golden.ts. Values are float32 bit patterns, big-endian. Rounding draws come from seededRng("compression tests").fork("golden").fork("rounding").',
  sharedSeed: hex(GOLDEN_CONTEXT.sharedSeed),
  clientSeed: hex(GOLDEN_CONTEXT.clientSeed),
  inputs: Object.fromEntries(Object.entries(GOLDEN_INPUTS).map(([name, values]) => [name, bitPatterns(values)])),
  vectors: goldenVectors(),
};
writeFileSync(new URL('./vectors/golden.json', import.meta.url), `${JSON.stringify(golden, undefined, 1)}\n`);
