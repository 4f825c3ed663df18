// SmolLM2-135M as a device has it, in a process of its own, so that its memory is that of nothing else: answers `loss`, `step` (processor
// milliseconds of a LoRA step), `generate` and `memory`, each by a line of JSON. The first line says what it works on.
// node smollm-run.mjs FILE [checkpoint]
import { open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { seededRng } from '@fedkit/core';
import { adamW, adapt, chatMl, fileSource, generate, languageTrainer, loadGguf, lora, tokenWindows } from '@fedkit/llm';
import { ggufTokenizer } from '@fedkit/llm/tokenizer';

/** What the first line says. */
export interface Subject {
  readonly tokens: readonly number[];
  /** Bytes, as the model states them. */
  readonly weights: number;
  readonly workspace: number;
}

/** What `generate` answers. */
export interface Generated {
  readonly text: string;
  /** Of the processor, from the first token on: the prompt is read at once, which is faster a token. */
  readonly tokensASecond: number;
}

const LENGTH = 128;
const TEXT =
  'Fellow citizens of the Senate and of the House of Representatives: in the midst of unprecedented political troubles we have ' +
  'cause of great gratitude to God for unusual good health and most abundant harvests. ';

const seconds = () => process.cpuUsage().user / 1e6 + process.cpuUsage().system / 1e6;
const say = (what: unknown) => process.stdout.write(`${JSON.stringify(what)}\n`);

async function main(path: string, checkpoint: boolean): Promise<void> {
  const file = await open(path);
  const { base, metadata } = await loadGguf(await fileSource(file));
  await file.close();
  const tokenizer = ggufTokenizer(metadata);
  const tokens = tokenizer.encode(TEXT.repeat(6)).slice(0, LENGTH + 1);
  const windows = tokenWindows([tokens], { length: LENGTH });
  const model = adapt(base, lora({ rank: 8, alpha: 16, targets: ['q_proj', 'v_proj'] }));
  const start = model.init(seededRng(1));
  const { weights, workspace } = model.memory({ batch: 1, length: LENGTH, checkpoint });
  const trainer = languageTrainer(model, windows, { optimizer: adamW(), checkpoint });
  const subject: Subject = { tokens, weights, workspace };
  say(subject);

  const answers: Readonly<Record<string, () => unknown>> = {
    loss: () => model.evaluate(start, windows).loss,
    async step() {
      const before = seconds();
      await trainer.train(start, {}, { steps: 1, batchSize: 1, learningRate: 1e-4, rng: seededRng(1) });
      return 1000 * (seconds() - before);
    },
    async generate(): Promise<Generated> {
      const prompt = tokenizer.encode(chatMl([{ role: 'user', content: 'Name three primary colours.' }]));
      const answer: number[] = [];
      let [first, last] = [0, 0];
      for await (const token of generate(model, start, prompt, { maxTokens: 60 })) {
        last = seconds();
        if (answer.length === 0) first = last;
        answer.push(token);
      }
      return { text: tokenizer.decode(answer).trim(), tokensASecond: (answer.length - 1) / (last - first) };
    },
    memory: () => 1024 * process.resourceUsage().maxRSS,
  };
  for await (const line of createInterface({ input: process.stdin })) say(await answers[line]());
}

await main(process.argv[2], process.argv[3] === 'checkpoint');
