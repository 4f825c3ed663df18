// `pnpm bench llm [rounds]`: steps of small transformers beside PyTorch on one thread, and products beside the engine's peak.
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { seededRng } from '@fedkit/core';
import { adamW, languageTrainer, tokenWindows, transformer } from '@fedkit/llm';
import { KernelMemory } from '../../packages/llm/src/kernels/memory.ts';
import { interleave, table, type Timed, timed, writeResults } from '../shared/measure.ts';
import { startPeer } from '../shared/peer.ts';
import { operations, peakLoop } from './peak.ts';

const WIDTHS = [64, 128, 256];
const [LAYERS, BATCH, LENGTH] = [2, 8, 64];

/** One step, forward, backward and AdamW, of a GPT of this width over bytes. */
function stepOf(width: number): Timed {
  const model = transformer({ style: 'gpt', vocabulary: 256, width, layers: LAYERS, heads: 4, context: LENGTH });
  const rng = seededRng(1);
  const windows = tokenWindows([Array.from({ length: BATCH * LENGTH + 1 }, () => rng.below(256))], { length: LENGTH });
  const trainer = languageTrainer(model, windows, { optimizer: adamW() });
  const start = model.init(rng);
  const steps = 4;
  return async () => {
    // Several steps a call, since a call copies the parameters in and out, which a client does once a round.
    const before = process.cpuUsage();
    await trainer.train(start, {}, { steps, batchSize: BATCH, learningRate: 1e-3, rng });
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000 / steps;
  };
}

/** Products over one memory: their operations, and a run. */
function products(): Record<string, { readonly count: number; readonly run: () => void }> {
  const memory = new KernelMemory();
  const at = Array.from({ length: 4 }, (_, i) => 64 + i * 8_000_000);
  memory.reserve(40_000_000);
  const { kernels, floats } = memory;
  const rng = seededRng(1);
  for (let i = 16; i < 4_000_000; i++) floats[i] = rng.uniform() - 0.5;
  const [a, b, c, scratch] = at;
  return {
    'float32, 512 × 256 · 256 × 1024': {
      count: 2 * 512 * 256 * 1024,
      run: () => kernels.gemm(a, 256, false, b, 256, true, c, 1024, 512, 1024, 256, 1, false, scratch),
    },
    'Q4_1, 128 × 576 · 576 × 1536': {
      count: 2 * 128 * 576 * 1536,
      run: () => kernels.gemmQuantized(3, a, 576, b, c, 1536, 128, 1536, 576, false, scratch),
    },
    'Q8_0, 128 × 576 · 576 × 1536': {
      count: 2 * 128 * 576 * 1536,
      run: () => kernels.gemmQuantized(4, a, 576, b, c, 1536, 128, 1536, 576, false, scratch),
    },
  };
}

/** Prints and stores the figures. */
export async function figures(rounds: number): Promise<void> {
  const peer = await startPeer(join(dirname(fileURLToPath(import.meta.url)), 'torch_peer.py'));
  const candidates: Record<string, Timed> = {};
  for (const width of WIDTHS) {
    candidates[`d${width}`] = stepOf(width);
    if (peer) {
      candidates[`torch d${width}`] = async () => Number(await peer.ask(`train ${width} ${LAYERS} ${BATCH} ${LENGTH}`));
    }
  }
  const loop = await peakLoop();
  const [calls, turns] = [400, 5_000];
  candidates.peak = timed(() => {
    for (let call = 0; call < calls; call++) loop(turns);
  });
  const all = products();
  for (const [name, { run }] of Object.entries(all)) candidates[name] = timed(run);
  const times = await interleave(candidates, rounds);
  peer?.end();
  const peak = (calls * operations(turns)) / times.peak / 1e6;
  console.log(
    `${cpus()[0].model}; torch ${peer?.greeting ?? 'is missing: set PYTHON'}; f32x4 peak ${peak.toFixed(1)} GFLOP/s\n`,
  );
  const steps = WIDTHS.map((width) => {
    const [own, other] = [times[`d${width}`], times[`torch d${width}`]];
    return [`d${width}`, own.toFixed(1), other?.toFixed(1) ?? '–', other ? (own / other).toFixed(2) : '–'];
  });
  console.log(table(['step', 'ms', 'torch, 1 thread', 'ratio'], steps));
  const speeds = Object.entries(all).map(([name, { count }]) => {
    const speed = count / times[name] / 1e6;
    return [name, speed.toFixed(1), (speed / peak).toFixed(2)];
  });
  console.log(`\n${table(['product', 'GFLOP/s', 'of the peak'], speeds)}`);
  writeResults('llm', { torch: peer?.greeting, peak, times });
}
