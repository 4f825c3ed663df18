/**
 * What the demo compares: one federation, and what changes when one thing changes.
 *
 * @module
 */
import { eden, pipe, sparseLoCo, topK } from '@fedkit/compression';
import { seededRng } from '@fedkit/core';
import type { Codec } from '@fedkit/core/codec';
import { adapt, freeze, generate, lora } from '@fedkit/llm';
import { alone, bitsPerByte, centralize, federate, type Plan, type RoundResult } from './federation.ts';
import { bytesOf, smallModel, textOf } from './model.ts';
import type { Author } from './presidents.ts';

/** What the demo does unless a test asks for less. */
export interface Setting extends Plan {
  /** Presidents that take part. */
  readonly authors: number;
  /** Windows that each trains on, and that are held out. */
  readonly train: number;
  readonly test: number;
}

/** The demo's own. */
export const SETTING: Setting = {
  authors: 16,
  train: 240,
  test: 40,
  rounds: 12,
  steps: 8,
  batchSize: 8,
  learningRate: 2e-3,
  seed: 1,
};

/** What an arm starts from. */
export interface Material {
  /** The base. */
  readonly start: Float32Array;
  readonly authors: readonly Author[];
}

/** One row of the table. */
export interface ArmResult {
  readonly name: string;
  /** Held-out text of all authors. */
  readonly bitsPerByte: number;
  /** A client and round; 0 where nothing is sent. */
  readonly bytesUp: number;
  readonly bytesDown: number;
  /** Processor seconds of one device over all rounds. */
  readonly seconds: number;
  readonly rounds: readonly RoundResult[];
  /** What the model writes after the prompt. */
  readonly sample: string;
}

/** Bytes that the demo has a model write on. */
export const PROMPT = 'The American people ';

const CODECS: Readonly<Record<string, () => Codec>> = {
  'EDEN, 1 bit': () => eden({ bits: 1 }),
  'top 1 %, 4 bits': () => pipe(topK({ density: 0.01 }), eden({ bits: 4 })),
  SparseLoCo: () => sparseLoCo(),
};

/** In the order of the table. */
export const ARMS: readonly string[] = [
  'base',
  'local only',
  'centralized',
  'federated',
  ...Object.keys(CODECS).map((name) => `federated, ${name}`),
  'federated, personalized',
];

/**
 * Runs one arm.
 *
 * @param onRound - Called after every round of a federation.
 */
export async function runArm(
  name: string,
  setting: Setting,
  { start, authors }: Material,
  onRound: (round: number, bits: number) => void,
): Promise<ArmResult> {
  const model = smallModel();
  const began = process.cpuUsage().user;
  let rounds: RoundResult[] = [];
  let params = start;
  let bits: number | undefined;
  if (name === 'local only') {
    const own = await alone(
      model,
      authors.map(() => start),
      authors,
      setting,
    );
    bits = bitsPerByte(model, (i) => own[i], authors);
    params = own[0];
  } else if (name === 'centralized') params = await centralize(model, start, authors, setting);
  else if (name.startsWith('federated')) {
    const codec = CODECS[name.slice('federated, '.length)]?.();
    const done = await federate(model, start, authors, setting, codec, (round, result) =>
      onRound(round, result.bitsPerByte),
    );
    ({ params, rounds } = done);
  }
  const seconds = (process.cpuUsage().user - began) / 1e6 / authors.length;
  if (name === 'federated, personalized') bits = await personalized(params, authors, setting);
  return {
    name,
    bitsPerByte: bits ?? bitsPerByte(model, () => params, authors),
    bytesUp: rounds.at(-1)?.bytesUp ?? 0,
    bytesDown: rounds.length > 0 ? params.byteLength : 0,
    seconds,
    rounds,
    sample: await write(params),
  };
}

/** Adapters on top of what the federation left, trained on the device and never sent. */
async function personalized(params: Float32Array, authors: readonly Author[], setting: Setting): Promise<number> {
  const model = adapt(freeze(smallModel(), params), lora({ rank: 4, targets: 'all-linear' }));
  const own = await alone(
    model,
    authors.map((_, i) => model.init(seededRng(i))),
    authors,
    { ...setting, rounds: 2 },
  );
  return bitsPerByte(model, (i) => own[i], authors);
}

async function write(params: Float32Array): Promise<string> {
  const tokens: number[] = [];
  const options = { maxTokens: 120, temperature: 0.7, topP: 0.9, rng: seededRng(3) };
  for await (const token of generate(smallModel(), params, bytesOf(PROMPT), options)) tokens.push(token);
  return textOf(tokens);
}
