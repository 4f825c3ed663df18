// The GPT that frameworks are compared on: its shape, its parameters by name, and the tokens of one step.
import { seededRng } from '@fedkit/core';
import { type LanguageModel, transformer } from '@fedkit/llm';

export interface Gpt {
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  readonly vocabulary: number;
  readonly batch: number;
  /** Tokens of a window. */
  readonly length: number;
  readonly learningRate: number;
  readonly tensors: readonly {
    readonly name: string;
    readonly shape: readonly number[];
    readonly values: Float32Array;
  }[];
  readonly inputs: Int32Array;
  readonly targets: Int32Array;
}

/** One step, forward, backward and AdamW; gives the loss before it. */
export type GptStep = () => Promise<number>;

/** A GPT of this width, with the model that it is here. */
export function gptOf(width: number): {
  readonly gpt: Gpt;
  readonly model: LanguageModel;
  readonly start: Float32Array;
} {
  const shape = { width, layers: 2, heads: 4, vocabulary: 256 };
  const [batch, length] = [8, 64];
  const model = transformer({ style: 'gpt', ...shape, context: length });
  const rng = seededRng(1);
  const start = model.init(rng);
  const tokens = Array.from({ length: batch }, () => Array.from({ length: length + 1 }, () => rng.below(256)));
  const tensors = model.layout.tensors.map(({ name, shape: of }) => ({
    name,
    shape: of,
    values: model.layout.view(start, name).slice(),
  }));
  const gpt = {
    ...shape,
    batch,
    length,
    learningRate: 1e-3,
    tensors,
    inputs: Int32Array.from(tokens.flatMap((own) => own.slice(0, -1))),
    targets: Int32Array.from(tokens.flatMap((own) => own.slice(1))),
  };
  return { gpt, model, start };
}
