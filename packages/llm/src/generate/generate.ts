/**
 * Text, token by token, with a cache of keys and values.
 *
 * @module
 */
import {
  checkOptions,
  type OptionNames,
  checkAborted,
  checkFinite,
  checkInteger,
  checkVector,
  turn,
} from '@fedkit/core/internal';
import type { LanguageModel } from '../model/language-model.ts';
import { Session } from '../network/network.ts';
import { forward, logitsOf, prepare } from '../network/pass.ts';
import { PREFILL } from '../network/plan.ts';
import { type SamplingOptions, sampler } from './sampler.ts';

/** How a text goes on. */
export interface GenerateOptions extends SamplingOptions {
  /** Tokens at most, an integer ≥ 1; the context may end before. */
  readonly maxTokens: number;
  /** Tokens of the vocabulary that end the text; they are not given. */
  readonly stop?: readonly number[];
  /** Checked between tokens. */
  readonly signal?: AbortSignal;
}

/**
 * The tokens that follow `prompt`, one by one. A model that trains or is evaluated in between is no harm: the cache is then
 * made again.
 *
 * @param params - Shape [model.layout.size]; copied.
 * @param prompt - At least one token.
 * @throws FedkitError `OUT_OF_RANGE` for tokens outside the vocabulary, a prompt that fills the context, options out of range,
 * or logits that are not finite; `INVALID_ARGUMENT` for what is no token; `SHAPE_MISMATCH` for parameters of another length; `ABORTED`.
 */
export async function* generate(
  model: LanguageModel,
  params: Float32Array,
  prompt: ArrayLike<number>,
  options: GenerateOptions,
): AsyncGenerator<number, void> {
  checkOptions('generate', options, {
    maxTokens: true,
    stop: true,
    signal: true,
    temperature: true,
    topP: true,
    topK: true,
    rng: true,
  } satisfies OptionNames<typeof options>);
  const { shape } = model;
  checkVector('generate: params', params, model.layout.size);
  const most = checkInteger('generate: maxTokens', options.maxTokens, 1);
  checkInteger('generate: tokens of the prompt', prompt.length, 1, model.context - 1);
  const choose = sampler(options);
  const stop = new Set(
    Array.from(options.stop ?? [], (token) => checkInteger('generate: stop', token, 0, shape.vocabulary - 1)),
  );
  const length = Math.min(model.context, prompt.length + most);
  const virtual = model.adaptation.prompt?.tokens ?? 0;
  const tokens = [
    ...Array.from({ length: virtual }, (_, i) => -1 - i),
    ...Array.from(prompt, (token) => checkInteger('generate: prompt', token, 0, shape.vocabulary - 1)),
  ];
  const session = new Session(model.network, { mode: 'generate', batch: 1, length, checkpoint: false }, params);
  let cached = 0;
  try {
    while (tokens.length < virtual + length) {
      checkAborted('generate', options.signal);
      const { machine, fresh } = session.enter();
      const { plan, memory } = machine;
      if (fresh) {
        cached = 0;
        prepare(machine);
      }
      while (cached < tokens.length) {
        const positions = Math.min(PREFILL, tokens.length - cached);
        memory.ints.set(tokens.slice(cached, cached + positions), plan.tokens / 4);
        forward(machine, shape, { batch: 1, positions, past: cached });
        cached += positions;
        if (cached === tokens.length) logitsOf(machine, shape, plan.lastNormed + 4 * (positions - 1) * shape.width, 1);
      }
      const logits = memory.floats.subarray(plan.logits / 4, plan.logits / 4 + shape.vocabulary);
      checkFinite('generate: logits', logits);
      const next = choose(logits);
      if (stop.has(next)) return;
      tokens.push(next);
      yield next;
      await turn();
    }
  } finally {
    session.end();
  }
}
