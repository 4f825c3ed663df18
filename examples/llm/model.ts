/**
 * The small model: a transformer over bytes.
 *
 * @module
 */
import { readFileSync } from 'node:fs';
import { decodeSafetensors } from '@fedkit/core';
import { type LanguageModel, transformer } from '@fedkit/llm';
import { SMALL } from './shape.ts';

/** Tokens of a window. */
export const LENGTH = 64;

/** A fresh one. */
export function smallModel(): LanguageModel {
  return transformer(SMALL);
}

/** The parameters that `pretrain.ts` left beside this file. */
export function pretrained(model: LanguageModel): Float32Array {
  const { layout, values } = decodeSafetensors(readFileSync(new URL('./base.safetensors', import.meta.url)));
  if (!layout.equals(model.layout))
    throw new Error('base.safetensors is not of this model: run examples/llm/pretrain.ts');
  return values;
}

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Bytes as text; what is no UTF-8, which a model of bytes may well write, as a mark. */
export function textOf(tokens: readonly number[]): string {
  return new TextDecoder().decode(Uint8Array.from(tokens));
}
