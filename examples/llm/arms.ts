/**
 * What the demo compares: one federation, and what changes when one thing changes.
 *
 * @module
 */
import { eden, pipe, sparseLoCo, topK } from '@fedkit/compression';
import { seededRng } from '@fedkit/core';
import type { Codec } from '@fedkit/core/codec';
import { adapt, freeze, generate, type LanguageModel, lora, type Windows } from '@fedkit/llm';
import type { Author, Limits } from './authors.ts';
import {
  alone,
  centralize,
  federate,
  type HeldOut,
  heldOut,
  type Plan,
  type RoundResult,
  type Variant,
} from './federation.ts';
import { busySeconds } from './busy-seconds.ts';
import { bytesOf, smallModel, textOf } from './model.ts';
import { averaging, clientsForShare, federatePrivately, noiseFor, publicClip } from './private.ts';

/** What the demo does unless a test asks for less. */
export interface Setting extends Plan, Limits {
  /** Authors that take part. */
  readonly authors: number;
  /** The learning rate of adapters, which start at zero and have fewer values. */
  readonly adapterRate: number;
}

/** The demo's own. */
export const SETTING: Setting = {
  authors: 16,
  train: 240,
  test: 24,
  rounds: 24,
  steps: 4,
  batchSize: 6,
  learningRate: 2e-3,
  adapterRate: 1e-2,
  seed: 1,
};

/** With fresh ones four steps of AdamW are little more than signs: most of the gain is lost. */
const MOMENTS = 'kept' satisfies Variant['moments'];

/** What an arm starts from. */
export interface Material {
  /** The base. */
  readonly start: Float32Array;
  readonly authors: readonly Author[];
  /** Public text: the clip of the private arms is measured on it. */
  readonly published: Windows;
}

/** One row of the table. */
export interface ArmResult extends HeldOut {
  readonly name: string;
  /** A client and round; 0 where nothing is sent. */
  readonly bytesUp: number;
  readonly bytesDown: number;
  /** Processor seconds of one device over all rounds. */
  readonly seconds: number;
  readonly rounds: readonly RoundResult[];
  /** What the model writes after the prompt. */
  readonly sample: string;
  /** ε that a ledger says was spent, where noise was added. */
  readonly epsilon?: number;
  /** By ε: the clients with whom its noise would cost 5 % of the gain; `null` where nothing was gained. */
  readonly clientsNeeded?: Readonly<Record<string, number | null>>;
}

/** Bytes that the demo has a model write on. */
export const PROMPT = 'The American people ';

const CODECS: Readonly<Record<string, () => Codec>> = {
  'federated, EDEN, 1 bit': () => eden({ bits: 1 }),
  'federated, top 1 %, 4 bits': () => pipe(topK({ density: 0.01 }), eden({ bits: 4 })),
  'federated, SparseLoCo': () => sparseLoCo(),
};

/** What the private arms may spend. */
export const EPSILONS: readonly number[] = [8, 2];
const FFA = 'FFA-LoRA';
const privateName = (epsilon: number) => `${FFA}, ε = ${epsilon}`;

/** In the order of the table. */
export const ARMS: readonly string[] = [
  'base',
  'local only',
  'centralized',
  'federated',
  ...Object.keys(CODECS),
  'federated, personalized',
  FFA,
  ...EPSILONS.map(privateName),
];

/** What runs by itself, the longest first; personalizing goes on from the federation's model. */
export const JOBS: readonly string[] = [
  ...EPSILONS.map(privateName),
  FFA,
  'federated',
  ...Object.keys(CODECS),
  'centralized',
  'local only',
  'base',
];

/**
 * Runs one job.
 *
 * @param onRound - Called after every round of a federation.
 * @returns One row of the table, or two.
 */
export async function runJob(
  name: string,
  setting: Setting,
  material: Material,
  onRound: (round: number, bits: number) => void,
): Promise<ArmResult[]> {
  const { start, authors } = material;
  const model = smallModel();
  const began = busySeconds();
  const seconds = () => (busySeconds() - began) / authors.length;
  const row = async (of: LanguageModel, own: Partial<ArmResult> & { readonly params: Float32Array }) => {
    const { params, rounds = [], ...more } = own;
    return {
      name,
      ...(more.bitsPerByte === undefined && heldOut(of, () => params, authors)),
      bytesUp: rounds.at(-1)?.bytesUp ?? 0,
      bytesDown: rounds.length > 0 ? params.byteLength : 0,
      seconds: seconds(),
      rounds,
      sample: await write(of, params),
      ...more,
    } as ArmResult;
  };
  const eachRound = (round: number, result: RoundResult) => onRound(round, result.bitsPerByte);
  if (name.startsWith(FFA)) return [await row(...(await lowRank(name, setting, material, eachRound)))];
  if (name === 'base') return [await row(model, { params: start, seconds: 0 })];
  if (name === 'centralized') {
    return [await row(model, { params: await centralize(model, start, authors, setting) })];
  }
  if (name === 'local only') {
    const starts = authors.map(() => start);
    const own = await alone(model, starts, authors, setting);
    return [await row(model, { params: own[0], ...heldOut(model, (i) => own[i], authors) })];
  }
  const variant: Variant = { codec: CODECS[name]?.(), moments: MOMENTS };
  const { params, rounds } = await federate(model, start, authors, setting, variant, eachRound);
  const federated = await row(model, { params, rounds });
  if (name !== 'federated') return [federated];
  const personal = await personalized(params, authors, setting);
  return [
    federated,
    {
      ...federated,
      ...personal,
      name: 'federated, personalized',
      rounds: [],
      seconds: seconds(),
      bytesDown: 0,
      bytesUp: 0,
    },
  ];
}

/** Adapters on top of what the federation left, trained on the device and never sent. */
async function personalized(params: Float32Array, authors: readonly Author[], setting: Setting): Promise<HeldOut> {
  const model = adapt(freeze(smallModel(), params), lora({ rank: 4, targets: 'all-linear' }));
  const starts = authors.map((_, i) => model.init(seededRng(i)));
  const own = await alone(model, starts, authors, { ...setting, rounds: 2 });
  return heldOut(model, (i) => own[i], authors);
}

/** B alone is trained, over a frozen base: without noise, or with what an ε asks for. */
async function lowRank(
  name: string,
  setting: Setting,
  { start: base, authors, published }: Material,
  onRound: (round: number, result: RoundResult) => void,
): Promise<[LanguageModel, Partial<ArmResult> & { params: Float32Array }]> {
  const model = adapt(freeze(smallModel(), base), lora({ rank: 4, targets: 'all-linear', frozenA: { seed: 1 } }));
  const start = model.init(seededRng(1));
  const plan = { ...setting, learningRate: setting.adapterRate };
  const clip = await publicClip(model, start, published, plan);
  const epsilon = EPSILONS.find((own) => name === privateName(own));
  if (epsilon !== undefined)
    return [model, await federatePrivately(model, start, authors, plan, averaging(), onRound, { epsilon, clip })];
  const { params, rounds } = await federate(model, start, authors, plan, { moments: MOMENTS }, onRound);
  const clientsNeeded = Object.fromEntries(
    EPSILONS.map((own) => {
      const noise = { noiseStd: noiseFor(own, clip, plan.rounds), rounds: plan.rounds };
      return [`${own}`, clientsForShare(model, { start, params }, authors, noise, 0.05)];
    }),
  );
  return [model, { params, rounds, clientsNeeded }];
}

async function write(model: LanguageModel, params: Float32Array): Promise<string> {
  const tokens: number[] = [];
  const options = { maxTokens: 120, temperature: 0.7, topP: 0.9, rng: seededRng(3) };
  for await (const token of generate(model, params, bytesOf(PROMPT), options)) tokens.push(token);
  return textOf(tokens);
}
