import { type Rng, seededRng } from '@fedkit/core';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LanguageKernels } from './contract.ts';
import { rowBytesOf } from './kinds.ts';
import { KernelMemory } from './memory.ts';

const REGION = 4 * 9000;
const REGIONS = 10;
const WORDS = (REGION * REGIONS) / 4;
const at = (region: number) => 1024 + region * REGION;
const SCRATCH = at(REGIONS);

const wasm = new KernelMemory();
const plain = new KernelMemory({ kernels: 'plain' });
for (const memory of [wasm, plain]) memory.reserve(SCRATCH + 4 * 90_000);

/** Fills all regions with the seed's numbers; `kind` makes region 1 weights of that kind. */
function fill(memory: KernelMemory, seed: number, kind = 0): void {
  const rng = seededRng(seed);
  memory.bytes.fill(0);
  for (let i = 0; i < WORDS; i++) memory.floats[at(0) / 4 + i] = 4 * rng.uniform() - 2;
  if (kind === 0) return;
  for (let i = 0; i < REGION; i++) memory.bytes[at(1) + i] = rng.below(256);
  const block = rowBytesOf(kind, kind === 1 ? 1 : kind === 5 ? 64 : 32);
  const scale = (to: number) => {
    memory.bytes[to] = rng.below(256);
    memory.bytes[to + 1] = rng.below(2) * 128 + 40 + rng.below(8);
  };
  for (let b = 0; b + block <= REGION; b += block) {
    if (kind === 5) memory.bytes.set(new Uint8Array(Float32Array.of(rng.uniform()).buffer), at(1) + b);
    else scale(at(1) + b);
    if (kind === 3) scale(at(1) + b + 2);
  }
}

/** What stands in the regions, as bits, after `run` on either memory. */
function bitsAfter(
  memory: KernelMemory,
  seed: number,
  kind: number,
  run: (kernels: LanguageKernels, rng: Rng) => void,
) {
  fill(memory, seed, kind);
  run(memory.kernels, seededRng(seed + 1));
  return memory.ints.slice(at(0) / 4, at(0) / 4 + WORDS);
}

function expectSameBits(found: Int32Array, twin: Int32Array): void {
  const place = found.findIndex((bits, i) => bits !== twin[i]);
  if (place >= 0) expect({ place, bits: found[place] }).toEqual({ place, bits: twin[place] });
}

interface Case {
  readonly kinds?: readonly number[];
  readonly run: (k: LanguageKernels, rng: Rng, kind: number) => void;
}

const some = (rng: Rng, most: number) => 1 + rng.below(most);
const flip = (rng: Rng) => rng.below(2) === 1;
const columns = (rng: Rng, kind: number) => (kind < 2 ? some(rng, 150) : (kind === 5 ? 64 : 32) * some(rng, 2));

const cases: Readonly<Record<string, Case>> = {
  gemm: {
    run(k, rng) {
      const [m, n, t] = [some(rng, 21), some(rng, 21), some(rng, 21)];
      const [ta, tb] = [flip(rng), flip(rng)];
      const lda = (ta ? m : t) + rng.below(3);
      const ldb = (tb ? t : n) + rng.below(3);
      k.gemm(at(0), lda, ta, at(1), ldb, tb, at(2), n + rng.below(3), m, n, t, rng.uniform(), flip(rng), SCRATCH);
    },
  },
  expand: {
    kinds: [0, 1, 2, 3, 4, 5],
    run(k, rng, kind) {
      const width = columns(rng, kind);
      k.expand(kind, at(1), rowBytesOf(kind, width), some(rng, 9), width, at(2));
    },
  },
  gemmQuantized: {
    kinds: [0, 1, 2, 3, 4, 5],
    run(k, rng, kind) {
      const [m, n, t] = [some(rng, 9), some(rng, 50), columns(rng, kind)];
      k.gemmQuantized(kind, at(0), t + rng.below(3), at(1), at(2), n + rng.below(3), m, n, t, flip(rng), SCRATCH);
    },
  },
  gemmQuantizedInput: {
    kinds: [0, 1, 2, 3, 4, 5],
    run(k, rng, kind) {
      const t = columns(rng, kind);
      // More rows than are taken at a time, where the region has room for them.
      const n = some(rng, Math.floor(REGION / rowBytesOf(kind, t)));
      const m = some(rng, Math.min(9, Math.floor(8000 / n)));
      k.gemmQuantizedInput(kind, at(0), n, at(1), at(2), t + rng.below(3), m, n, t, flip(rng), SCRATCH);
    },
  },
  gemvQuantized: {
    kinds: [0, 1, 2, 3, 4, 5],
    run(k, rng, kind) {
      k.gemvQuantized(kind, at(0), at(1), at(2), some(rng, 40), columns(rng, kind), flip(rng), SCRATCH);
    },
  },
  gelu: { run: (k, rng) => k.gelu(at(0), at(1), some(rng, 99)) },
  geluBackward: { run: (k, rng) => k.geluBackward(at(0), at(1), some(rng, 99)) },
  geluErf: { run: (k, rng) => k.geluErf(at(0), at(1), some(rng, 99)) },
  geluErfBackward: { run: (k, rng) => k.geluErfBackward(at(0), at(1), some(rng, 99)) },
  swiglu: { run: (k, rng) => k.swiglu(at(0), at(1), at(2), some(rng, 99)) },
  swigluBackward: {
    run: (k, rng) => k.swigluBackward(at(0), at(1), at(2), at(flip(rng) ? 2 : 3), at(4), some(rng, 99)),
  },
  add: { run: (k, rng) => k.add(at(0), at(1), some(rng, 99)) },
  addToRows: { run: (k, rng) => k.addToRows(at(0), at(1), some(rng, 20), some(rng, 60)) },
  addRows: { run: (k, rng) => k.addRows(at(0), at(1), some(rng, 20), some(rng, 60)) },
  addProduct: { run: (k, rng) => k.addProduct(at(0), at(1), at(2), some(rng, 99)) },
  multiply: { run: (k, rng) => k.multiply(at(0), at(1), at(2), some(rng, 99)) },
  rowSquares: { run: (k, rng) => k.rowSquares(at(0), at(1), some(rng, 9), some(rng, 99)) },
  adamW: {
    run(k, rng) {
      const count = some(rng, 99);
      // Second moments are never negative.
      k.multiply(at(3), at(3), at(3), count);
      k.adamW(at(0), at(1), at(2), at(3), count, 0.9, 0.999, 1e-8, 0.9999, 1e-3 * rng.uniform(), 1 + rng.uniform());
    },
  },
  softmax: {
    run(k, rng) {
      const wide = some(rng, 60);
      k.softmax(at(0), some(rng, 20), wide, some(rng, wide), rng.below(2), SCRATCH);
    },
  },
  softmaxBackward: { run: (k, rng) => k.softmaxBackward(at(0), at(1), some(rng, 20), some(rng, 60)) },
  rotate: {
    run(k, rng) {
      const width = 2 * some(rng, 8);
      k.rotate(at(0), some(rng, 20), some(rng, 4), width, at(1), rng.below(5), some(rng, 9), flip(rng), flip(rng));
    },
  },
  rmsNorm: { run: (k, rng) => k.rmsNorm(at(0), at(1), at(2), at(3), some(rng, 20), some(rng, 60), 1e-5) },
  rmsNormBackward: {
    run: (k, rng) =>
      k.rmsNormBackward(at(0), at(1), at(2), at(3), at(4), flip(rng) ? at(5) : 0, some(rng, 20), some(rng, 60)),
  },
  layerNorm: { run: (k, rng) => k.layerNorm(at(0), at(1), at(2), at(3), at(4), some(rng, 20), some(rng, 60), 1e-12) },
  layerNormBackward: {
    run(k, rng) {
      const gains = flip(rng) ? at(5) : 0;
      k.layerNormBackward(at(0), at(1), at(2), at(3), at(4), gains, at(6), some(rng, 20), some(rng, 60));
    },
  },
};

describe('kernels of language models', () => {
  it('run on WebAssembly here', () => {
    expect(wasm.accelerated).toBe(true);
    expect(plain.accelerated).toBe(false);
  });

  for (const [name, { kinds = [0], run }] of Object.entries(cases)) {
    it(`${name} gives the same bits in plain JavaScript`, () => {
      fc.assert(
        fc.property(fc.nat(1e9), fc.constantFrom(...kinds), (seed, kind) => {
          const step = (k: LanguageKernels, rng: Rng) => run(k, rng, kind);
          const found = bitsAfter(wasm, seed, kind, step);
          const twin = bitsAfter(plain, seed, kind, step);
          expectSameBits(found, twin);
        }),
        { numRuns: 20 * kinds.length },
      );
    });
  }

  it('crossEntropy gives the same bits in plain JavaScript, also for rows without a target', () => {
    fc.assert(
      fc.property(fc.nat(1e9), fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 60 }), (seed, rows, wide) => {
        const [found, twin] = [wasm, plain].map((memory) =>
          bitsAfter(memory, seed, 0, (k, rng) => {
            for (let r = 0; r < rows; r++) memory.ints[at(1) / 4 + r] = rng.below(wide + 1) - 1;
            k.crossEntropy(at(0), at(1), rows, wide, 0.1, at(2));
          }),
        );
        expectSameBits(found, twin);
      }),
      { numRuns: 40 },
    );
  });

  it('let an infinite or undefined value through instead of hiding it', () => {
    for (const memory of [wasm, plain]) {
      memory.floats.set([1, Number.NaN, 2, 3, 1], at(0) / 4);
      memory.kernels.softmax(at(0), 1, 5, 5, 0, SCRATCH);
      expect(memory.floats[at(0) / 4]).toBeNaN();
    }
  });
});
