// Odds of its processes: 0. Threads run kernels, which draw nothing.
import { execFileSync } from 'node:child_process';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Worker } from 'node:worker_threads';
import { isFedkitError, type Rng, seededRng } from '@fedkit/core';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ALONE, THREADS } from './board.ts';
import type { LanguageKernels } from './contract.ts';
import { rowBytesOf } from './kinds.ts';
import { KernelMemory } from './memory.ts';
import type { HelperData, StartThread } from './start-thread.ts';

const REGION = 4 * 70_000;
const at = (region: number) => 1024 + region * REGION;
const SCRATCH = at(5);
const WORDS = (5 * REGION) / 4;

const memories = [1, 2, 3].map((threads) => new KernelMemory({ threads }));
for (const memory of memories) memory.reserve(SCRATCH + 4 * 600_000);
beforeAll(async () => {
  const started = () => memories.every(({ helpers, threads }) => (helpers?.done.started ?? 0) === threads - 1);
  while (!started()) await new Promise((resolve) => setTimeout(resolve, 5));
});
afterAll(() => Promise.all(memories.map((memory) => memory.close())));

/** Numbers of the seed everywhere; region 1 holds weights of `kind`. */
function fill({ floats, bytes }: KernelMemory, seed: number, kind: number): void {
  const rng = seededRng(seed);
  for (let i = 0; i < WORDS; i++) floats[at(0) / 4 + i] = 4 * rng.uniform() - 2;
  if (kind < 2) return;
  const block = rowBytesOf(kind, kind === 5 ? 64 : 32);
  for (let b = at(1); b + block <= at(2); b += block) {
    // A float16 or float32 scale, and with Q4_1 a least value, about 1.
    for (const place of kind === 5 ? [3] : kind === 3 ? [1, 3] : [1]) bytes[b + place] = kind === 5 ? 0x3f : 0x38;
  }
}

const some = (rng: Rng, least: number, most: number) => least + rng.below(most - least + 1);
const flip = (rng: Rng) => rng.below(2) === 1;
const columns = (rng: Rng, kind: number) => (kind < 2 ? some(rng, 50, 300) : (kind === 5 ? 64 : 32) * some(rng, 2, 6));

interface Case {
  readonly kinds?: readonly number[];
  readonly run: (k: LanguageKernels, rng: Rng, kind: number) => void;
}
/** Large enough that there is more than one chunk, and never a multiple of anything. */
const cases: Readonly<Record<string, Case>> = {
  gemm: {
    run(k, rng) {
      // Few columns, too: then rows are shared.
      const [m, n, t] = [some(rng, 60, 170), flip(rng) ? some(rng, 5, 30) : some(rng, 60, 170), some(rng, 220, 300)];
      const [ta, tb] = [flip(rng), flip(rng)];
      const [lda, ldb] = [(ta ? m : t) + rng.below(3), (tb ? t : n) + rng.below(3)];
      k.gemm(at(0), lda, ta, at(1), ldb, tb, at(2), n + rng.below(3), m, n, t, rng.uniform(), flip(rng), SCRATCH);
    },
  },
  gemmQuantized: {
    kinds: [0, 2, 3, 4, 5],
    run(k, rng, kind) {
      const [m, n, t] = [some(rng, 2, 90), some(rng, 17, 200), columns(rng, kind)];
      k.gemmQuantized(kind, at(0), t + rng.below(3), at(1), at(2), n + rng.below(3), m, n, t, flip(rng), SCRATCH);
    },
  },
  gemmQuantizedInput: {
    kinds: [0, 2, 3, 4, 5],
    run(k, rng, kind) {
      const t = columns(rng, kind);
      // More rows than are taken at a time, where the region has room for them.
      const n = some(rng, 20, Math.min(1300, Math.floor(REGION / rowBytesOf(kind, t))));
      const m = some(rng, 2, Math.min(90, Math.floor(REGION / 4 / n)));
      k.gemmQuantizedInput(kind, at(0), n, at(1), at(2), t + rng.below(3), m, n, t, flip(rng), SCRATCH);
    },
  },
  gemvQuantized: {
    kinds: [0, 2, 3, 4, 5],
    run(k, rng, kind) {
      const t = columns(rng, kind);
      k.gemvQuantized(kind, at(0), at(1), at(2), some(rng, 100, 230), t, flip(rng), SCRATCH);
    },
  },
  gelu: { run: (k, rng) => k.gelu(at(0), at(1), some(rng, 9000, 60_000)) },
  geluBackward: { run: (k, rng) => k.geluBackward(at(0), at(1), some(rng, 9000, 60_000)) },
  geluErf: { run: (k, rng) => k.geluErf(at(0), at(1), some(rng, 9000, 60_000)) },
  geluErfBackward: { run: (k, rng) => k.geluErfBackward(at(0), at(1), some(rng, 9000, 60_000)) },
  swiglu: { run: (k, rng) => k.swiglu(at(0), at(1), at(2), some(rng, 9000, 60_000)) },
  swigluBackward: {
    run: (k, rng) => k.swigluBackward(at(0), at(1), at(2), at(flip(rng) ? 2 : 3), at(4), some(rng, 9000, 60_000)),
  },
  adamW: {
    run(k, rng) {
      const count = some(rng, 9000, 60_000);
      // Second moments are never negative.
      k.multiply(at(3), at(3), at(3), count);
      k.adamW(at(0), at(1), at(2), at(3), count, 0.9, 0.999, 1e-8, 0.9999, 1e-3 * rng.uniform(), 1 + rng.uniform());
    },
  },
  softmax: {
    run(k, rng) {
      const wide = some(rng, 90, 200);
      k.softmax(at(0), some(rng, 100, 300), wide, some(rng, 1, wide), rng.below(2), SCRATCH);
    },
  },
  softmaxBackward: {
    run: (k, rng) => k.softmaxBackward(at(0), at(1), some(rng, 100, 300), some(rng, 90, 200)),
  },
  crossEntropy: {
    run(k, rng) {
      k.crossEntropy(at(0), at(4), some(rng, 20, 70), 700 + rng.below(200), rng.uniform(), at(1));
    },
  },
  rotate: {
    run(k, rng) {
      const width = 2 * some(rng, 8, 30);
      const [rows, period] = [some(rng, 60, 250), some(rng, 40, 300)];
      k.rotate(at(0), rows, some(rng, 2, 4), width, at(1), rng.below(5), period, flip(rng), flip(rng));
    },
  },
};

describe('kernels of several threads', () => {
  it('have the threads that were asked for', () => {
    expect(memories.map(({ threads }) => threads)).toEqual([1, 2, 3]);
    expect(memories.map(({ shares }) => shares)).toEqual([1, 2, 3]);
  });

  for (const [name, { kinds = [0], run }] of Object.entries(cases)) {
    it(`${name} gives the same bits as one thread`, () => {
      fc.assert(
        fc.property(fc.nat(1e9), fc.constantFrom(...kinds), (seed, kind) => {
          const [one, ...several] = memories.map((memory) => {
            fill(memory, seed, kind);
            // Targets of the cross-entropy.
            if (name === 'crossEntropy')
              for (let i = 0; i < 70; i++) memory.ints[at(4) / 4 + i] = ((i * seed) % 700) - 1;
            run(memory.kernels, seededRng(seed), kind);
            return memory.ints.slice(at(0) / 4, at(0) / 4 + WORDS);
          });
          for (const found of several) {
            const place = found.findIndex((bits, i) => bits !== one[i]);
            if (place >= 0) expect({ place, bits: found[place] }).toEqual({ place, bits: one[place] });
          }
        }),
        { numRuns: 4 * kinds.length },
      );
    });
  }

  it('are shared: helpers do chunks', async () => {
    const [, two] = memories;
    // A helper may start late, and a busy machine may keep it from its turn.
    while (two.helpers?.done.chunks === 0) {
      two.kernels.swiglu(at(0), at(1), at(2), 60_000);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    expect(two.helpers?.done).toEqual({ started: 1, chunks: expect.any(Number) });
  });

  it('take part in a memory that has grown', () => {
    for (const memory of memories) {
      memory.reserve(memory.bytes.length + 1e6);
      memory.floats.fill(0.5, memory.bytes.length / 4 - 80_000);
      memory.kernels.gelu(memory.bytes.length - 320_000, memory.bytes.length - 160_000, 40_000);
    }
    const [one, two, three] = memories.map(({ ints }) => ints.slice(-40_000));
    expect(two).toEqual(one);
    expect(three).toEqual(one);
  });
});

describe('threads', () => {
  it('are one where memory is not shared, the page is not isolated, or JavaScript computes', () => {
    vi.stubGlobal('SharedArrayBuffer', undefined);
    expect(new KernelMemory({ threads: 2 })).toMatchObject({ threads: 1, shares: 1, accelerated: true });
    vi.unstubAllGlobals();
    vi.stubGlobal('crossOriginIsolated', false);
    expect(new KernelMemory({ threads: 2 })).toMatchObject({ threads: 1, shares: 1, accelerated: true });
    vi.unstubAllGlobals();
    expect(new KernelMemory({ threads: 2, kernels: 'plain' })).toMatchObject({ threads: 1, accelerated: false });
  });

  it('are one where none can be started, and what there is computes', () => {
    const refusing: StartThread = () => {
      throw new Error('Content Security Policy');
    };
    const memory = new KernelMemory({ threads: 2 }, refusing);
    memory.reserve(1e6);
    memory.floats.fill(1);
    memory.ints[THREADS / 4] = 2;
    memory.kernels.swiglu(4096, 4096, 404_096, 50_000);
    expect(memory.threads).toBe(1);
    expect(memory.floats[404_096 / 4 + 49_999]).toBeCloseTo(1 / (1 + Math.exp(-1)), 6);
  });

  it('are one after they were closed', async () => {
    const memory = new KernelMemory({ threads: 3 });
    expect(memory.threads).toBe(3);
    await memory.close();
    expect(memory.threads).toBe(1);
    memory.reserve(1e6);
    memory.kernels.swiglu(4096, 4096, 404_096, 50_000);
    expect(memory.floats[404_096 / 4]).toBe(0);
  });

  it('are one after they ended by themselves', async () => {
    const ended: Worker[] = [];
    const start: StartThread = (_, onEnd) => {
      const worker = new Worker('throw new Error()', { eval: true });
      worker.on('error', onEnd);
      ended.push(worker);
      return worker;
    };
    const memory = new KernelMemory({ threads: 2 }, start);
    await new Promise((resolve) => ended[0].on('exit', resolve));
    expect(memory.threads).toBe(1);
  });

  it('that end under their work are said by name, and whoever comes later is told so', async () => {
    // Takes one chunk, and is gone.
    const program = `
      const { workerData } = require('node:worker_threads');
      const board = new Int32Array(workerData.memory.buffer);
      for (;;) {
        const open = Atomics.load(board, 16);
        if (open > 0 && Atomics.compareExchange(board, 16, open, open - 1) === open) process.exit();
      }`;
    const start: StartThread = (data: HelperData) => new Worker(program, { eval: true, workerData: data });
    const memory = new KernelMemory({ threads: 2 }, start, 3);
    memory.reserve(1e6);
    let failure: unknown;
    while (failure === undefined) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      try {
        memory.kernels.swiglu(4096, 4096, 404_096, 50_000);
      } catch (error) {
        failure = error;
      }
    }
    expect(isFedkitError(failure, 'UNAVAILABLE')).toBe(true);
    expect((failure as Error).message).toContain('got 1 chunks of a job unfinished');
    expect(memory.threads).toBe(1);
    expect(() => memory.claim({ evict: () => undefined })).toThrow(failure as Error);
    expect(() => memory.keep(1)).toThrow(failure as Error);
  });

  it('that are slow are left alone for a while: the kernels go on by themselves', async () => {
    // Takes one chunk, and says after a while that it is done.
    const program = `
      const { workerData } = require('node:worker_threads');
      const board = new Int32Array(workerData.memory.buffer);
      for (;;) {
        const open = Atomics.load(board, 16);
        if (open < 1 || Atomics.compareExchange(board, 16, open, open - 1) !== open) continue;
        Atomics.wait(board, 0, 0, 100);
        Atomics.sub(board, 32, 1);
        Atomics.notify(board, 32);
        process.exit();
      }`;
    const start: StartThread = (data: HelperData) => new Worker(program, { eval: true, workerData: data });
    const memory = new KernelMemory({ threads: 2 }, start);
    memory.reserve(1e6);
    memory.floats.fill(1, 1024);
    while (memory.ints[ALONE / 4] === 0) {
      memory.kernels.swiglu(4096, 4096, 404_096, 50_000);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    const alone = memory.ints[ALONE / 4];
    expect(alone).toBeGreaterThan(100);
    memory.floats.fill(0, 404_096 / 4);
    memory.kernels.swiglu(4096, 4096, 404_096, 50_000);
    expect(memory.ints[ALONE / 4]).toBe(alone - 1);
    expect(memory.floats.slice(404_096 / 4, 404_096 / 4 + 50_000).every((value) => value > 0.7)).toBe(true);
  });

  it('end when nobody holds their memory', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    let ended = 0;
    const start: StartThread = () => ({ terminate: () => ended++ });
    for (let i = 0; i < 3; i++) new KernelMemory({ threads: 2 }, start);
    while (ended === 0) {
      collect();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(ended).toBeGreaterThan(0);
  });

  it('do not keep a process alive, asleep or not', () => {
    const program = `
      import { transformer } from '@fedkit/llm';
      const { base } = transformer({ vocabulary: 9, width: 8, layers: 1, heads: 1, threads: 2 });
      console.log(base.threads);
      await new Promise((resolve) => setTimeout(resolve, 300));
    `;
    const words = ['--import', 'tsx', '--conditions=@fedkit/source', '--input-type=module', '-e', program];
    const said = execFileSync(process.execPath, words, { cwd: import.meta.dirname, encoding: 'utf8' });
    expect(said).toBe('2\n');
  });

  it('are from 1 to 16', () => {
    for (const threads of [0, 1.5, 17, '2' as unknown as number]) {
      expect(() => new KernelMemory({ threads })).toThrow(/kernels: threads/);
    }
  });
});
