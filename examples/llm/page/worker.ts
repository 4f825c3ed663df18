/**
 * The model in a worker, so that the page answers while it trains.
 *
 * @module
 */
import { clientSeed, eden } from '@fedkit/compression';
import { decodeSafetensors, isFedkitError, modelDigest, seededRng } from '@fedkit/core';
import {
  adapt,
  blobSource,
  generate,
  type LanguageModel,
  loadGguf,
  lora,
  tokenWindows,
  transformer,
} from '@fedkit/llm';
import { ggufTokenizer, type TextTokenizer } from '@fedkit/llm/tokenizer';
import { SMALL } from '../shape.ts';
import { keepModel, keptModel } from './kept-model.ts';
import { BATCH, learn, LENGTH } from './learn.ts';
import type { Order, Report } from './messages.ts';

const scope = globalThis as unknown as {
  postMessage(report: Report): void;
  onmessage: ((event: { readonly data: Order }) => void) | null;
};
const say = (report: Report) => scope.postMessage(report);

/** What is loaded. */
interface Loaded {
  readonly model: LanguageModel;
  readonly learningRate: number;
  readonly encode: (text: string) => ArrayLike<number>;
  readonly decode: (tokens: readonly number[]) => string;
  params: Float32Array;
}

let loaded: Loaded | undefined;

function ready(name: string, own: Loaded): void {
  loaded = own;
  const { model } = own;
  const length = Math.min(LENGTH, model.context);
  const { weights, workspace } = model.memory({ batch: BATCH, length });
  const memory = weights + workspace;
  const accelerated = typeof WebAssembly === 'object';
  say({ kind: 'ready', name, parameters: model.layout.size, accelerated, memory });
}

function small(file: Uint8Array): void {
  const model = transformer(SMALL);
  const { values } = decodeSafetensors(file);
  ready('a byte transformer', {
    model,
    learningRate: 1e-3,
    encode: (text) => new TextEncoder().encode(text),
    decode: (tokens) => new TextDecoder().decode(Uint8Array.from(tokens)),
    params: values,
  });
}

async function published(picked: File | undefined): Promise<void> {
  const file = picked ?? (await keptModel());
  if (file === undefined) throw new Error('no model is kept here');
  const progress = (what: string, done: number) => say({ kind: 'progress', what, done, all: file.size });
  const { base, metadata } = await loadGguf(blobSource(file), { onProgress: (done) => progress('reading', done) });
  const tokenizer: TextTokenizer = ggufTokenizer(metadata);
  // Kept only once it has turned out to be a model.
  if (picked !== undefined && (await keepModel(picked, (done) => progress('keeping', done)))) {
    say({ kind: 'kept', bytes: picked.size });
  }
  const model = adapt(base, lora({ rank: 8, alpha: 16, targets: ['q_proj', 'v_proj'] }));
  ready(file.name, {
    model,
    learningRate: 1e-3,
    encode: (text) => tokenizer.encode(text),
    decode: (tokens) => tokenizer.decode(tokens),
    params: model.init(seededRng(1)),
  });
}

async function train(
  { model, learningRate, encode, params }: Loaded,
  text: string,
  steps: number,
): Promise<Float32Array> {
  const began = performance.now();
  const windows = tokenWindows([encode(text)], { length: Math.min(LENGTH, model.context) });
  const bits = (at: Float32Array) => model.evaluate(at, windows).loss / Math.LN2;
  const now = await learn(model, params, windows, { steps, learningRate }, (done) =>
    say({ kind: 'progress', what: 'training', done, all: steps }),
  );
  const update = now.map((value, i) => value - params[i]);
  const context = { sharedSeed: clientSeed(new Uint8Array(32), 'visitor'), layout: model.layout };
  say({
    kind: 'trained',
    before: bits(params),
    after: bits(now),
    seconds: (performance.now() - began) / 1000,
    update: update.byteLength,
    encoded: eden({ bits: 1 }).encode(update, context).length,
    digest: modelDigest(model.layout, now),
  });
  return now;
}

async function write({ model, params, encode, decode }: Loaded, prompt: string, maxTokens: number): Promise<void> {
  const start = Array.from(encode(prompt));
  if (start.length === 0) throw new Error('a prompt is needed');
  const tokens: number[] = [];
  const sampling = { maxTokens, temperature: 0.7, topP: 0.9, rng: seededRng(3) };
  for await (const token of generate(model, params, start, sampling)) {
    tokens.push(token);
    if (tokens.length % 8 === 0) say({ kind: 'written', text: decode(tokens), done: false });
  }
  say({ kind: 'written', text: decode(tokens), done: true });
}

async function obey(order: Order): Promise<void> {
  if (order.kind === 'small') small(order.file);
  else if (order.kind === 'published') await published(order.file);
  else if (loaded === undefined) throw new Error('no model is loaded yet');
  else if (order.kind === 'train') loaded.params = await train(loaded, order.text, order.steps);
  else await write(loaded, order.prompt, order.tokens);
}

// One order at a time, in the order they came.
let last: Promise<void> = Promise.resolve();
scope.onmessage = ({ data }) => {
  last = last
    .then(() => obey(data))
    .catch((error: unknown) => {
      const message = isFedkitError(error) ? `${error.code}: ${error.message}` : String(error);
      say({ kind: 'failed', message });
    });
};

void keptModel().then((file) => file !== undefined && say({ kind: 'kept', bytes: file.size }));
