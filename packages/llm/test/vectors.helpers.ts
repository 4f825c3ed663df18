/** The vectors of `test/vectors`, decoded. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A model file with the logits that transformers computed of it. */
export interface ModelVector {
  readonly title: string;
  readonly format: 'safetensors' | 'gguf';
  readonly config?: Record<string, unknown>;
  readonly file: Uint8Array;
  readonly tokens: readonly number[];
  readonly logits: Float32Array;
}

function read(name: string): Record<string, never> {
  return JSON.parse(readFileSync(join(import.meta.dirname, 'vectors', name), 'utf8'));
}

export function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(base64, 'base64'));
}

export function floatsOf(base64: string): Float32Array {
  return new Float32Array(bytesOf(base64).buffer);
}

type Raw<T> = { readonly [K in keyof T]: T[K] extends Uint8Array | Float32Array ? string : T[K] };

export function modelVectors(): ModelVector[] {
  const { models } = read('models.json') as unknown as { models: Raw<ModelVector>[] };
  return models.map((model) => ({
    ...model,
    file: bytesOf(model.file),
    logits: floatsOf(model.logits),
  })) as ModelVector[];
}

/** Blocks of every type of GGUF with what they stand for. */
export function blockVectors(): [
  name: string,
  vector: { values: number; bytes: Uint8Array; expected: Float32Array },
][] {
  const { blocks } = read('blocks.json') as unknown as {
    blocks: Record<string, { values: number; bytes: string; expected: string }>;
  };
  return Object.entries(blocks).map(([name, { values, bytes, expected }]) => [
    name,
    { values, bytes: bytesOf(bytes), expected: floatsOf(expected) },
  ]);
}

/** What ggml's quantizers make of the same values. */
export function quantizedVectors(): { values: Float32Array; bytes: [name: string, bytes: Uint8Array][] } {
  const { quantized } = read('blocks.json') as unknown as {
    quantized: { values: string; bytes: Record<string, string> };
  };
  const bytes = Object.entries(quantized.bytes);
  return { values: floatsOf(quantized.values), bytes: bytes.map(([name, own]) => [name, bytesOf(own)]) };
}

/** An adapter as PEFT saved it, with the logits of the model under it. */
export interface AdapterVector {
  readonly title: string;
  readonly base: string;
  readonly config: Record<string, unknown>;
  readonly file: Uint8Array;
  readonly logits: Float32Array;
}

export function adapterVectors(): AdapterVector[] {
  const { adapters } = read('adapters.json') as unknown as { adapters: Raw<AdapterVector>[] };
  return adapters.map((own) => ({ ...own, file: bytesOf(own.file), logits: floatsOf(own.logits) })) as AdapterVector[];
}

/** An encoder's file with the states that transformers computed, and their mean at length 1. */
export interface EncoderVector {
  readonly title: string;
  readonly config: Record<string, unknown>;
  readonly file: Uint8Array;
  readonly tokens: readonly number[];
  readonly states: Float32Array;
  readonly mean: Float32Array;
}

export function encoderVectors(): EncoderVector[] {
  const { encoders } = read('encoders.json') as unknown as { encoders: Raw<EncoderVector>[] };
  return encoders.map((own) => ({
    ...own,
    file: bytesOf(own.file),
    states: floatsOf(own.states),
    mean: floatsOf(own.mean),
  })) as EncoderVector[];
}

/** Queries and passages under PEFT's LoRA, with the loss and the gradients that autograd computed. */
export interface RetrievalVector {
  readonly queries: readonly (readonly number[])[];
  readonly passages: readonly (readonly number[])[];
  readonly loss: number;
  /** Of length 1, queries first, one behind the other. */
  readonly vectors: Float32Array;
  readonly factors: ReadonlyMap<string, Float32Array>;
  readonly gradients: ReadonlyMap<string, Float32Array>;
}

export function retrievalVector(): RetrievalVector {
  const { retrieval: own } = read('retrieval.json') as unknown as {
    retrieval: Raw<RetrievalVector> & Record<'factors' | 'gradients', Record<string, string>>;
  };
  const tensors = (of: Record<string, string>) =>
    new Map(Object.entries(of).map(([name, text]) => [name, floatsOf(text)]));
  return { ...own, vectors: floatsOf(own.vectors), factors: tensors(own.factors), gradients: tensors(own.gradients) };
}

/** The largest difference of two vectors of one length. */
export function distance(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0);
}
