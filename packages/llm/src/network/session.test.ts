import { seededRng } from '@fedkit/core';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { full } from '../adapt/full.ts';
import { adaptEncoder } from '../encoder/adapted.ts';
import { randomEncoder } from '../encoder/random.ts';
import { generate } from '../generate/generate.ts';
import { adapt, transformer } from '../model/transformer.ts';
import { freeze } from '../quantize/freeze.ts';
import { contrastiveTrainer } from '../retrieve/trainer.ts';
import { adamW } from '../train/optimizer.ts';
import { languageTrainer } from '../train/trainer.ts';
import { tokenWindows } from '../train/windows.ts';
import { ParameterSession } from './session.ts';

const whole = transformer({ vocabulary: 20, width: 16, layers: 2, heads: 2, context: 16 });
const base = freeze(whole, whole.init(seededRng(1)), { kind: 'f32' });
const model = adapt(base, full({ filter: (name) => name.startsWith('model.layers.1.') }));
const start = model.init(seededRng(2));
const windows = tokenWindows([Array.from({ length: 60 }, (_, i) => (i * i) % 20)], { length: 12 });
const how = () => ({ steps: 2, batchSize: 2, learningRate: 0.01, rng: seededRng(3) });
const stop = () => {
  throw new Error('enough');
};
const stopLater = async () => stop();

const sizes = { vocabulary: 30, width: 16, layers: 1, heads: 2, hidden: 32, context: 16, segments: 1 };
const encoder = randomEncoder({ ...sizes, epsilon: 1e-6, activation: 'gelu' }, { seed: 4 });
const adapted = adaptEncoder(encoder, { rank: 2 });
const factors = adapted.init(seededRng(5));
const pairs = [1, 2, 3].map((token) => ({ query: [token, 4], passage: [token, 5, 6] }));

describe('whoever is done in a memory', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it.each<[string, () => unknown, () => unknown]>([
    ['training', () => languageTrainer(model, windows, { optimizer: adamW() }).train(start, {}, how()), whoEvaluates],
    [
      'training that stops',
      () => languageTrainer(model, windows, { onStep: stop }).train(start, {}, how()),
      whoEvaluates,
    ],
    [
      'training that stops with what its listener rejects with',
      () => languageTrainer(model, windows, { onStep: stopLater }).train(start, {}, how()),
      whoEvaluates,
    ],
    ['a gradient', () => languageTrainer(model, windows).gradient(start), whoEvaluates],
    ['a prefix', () => languageTrainer(model, windows, { keepPrefix: true }).gradient(start), whoEvaluates],
    ['an evaluation', () => model.evaluate(start, windows), whoEvaluates],
    ['logits', () => model.logits(start, [1, 2, 3]), whoEvaluates],
    ['a text', wholeText, whoEvaluates],
    ['a text that nobody reads on', firstToken, whoEvaluates],
    ['contrastive training', () => contrastiveTrainer(adapted, pairs).train(factors, {}, how()), whoEmbeds],
    [
      'contrastive training that stops',
      () => contrastiveTrainer(adapted, pairs, { onStep: stop }).train(factors, {}, how()),
      whoEmbeds,
    ],
    [
      'contrastive training that stops with what its listener rejects with',
      () => contrastiveTrainer(adapted, pairs, { onStep: stopLater }).train(factors, {}, how()),
      whoEmbeds,
    ],
    ['a contrastive gradient', () => contrastiveTrainer(adapted, pairs).gradient?.(factors), whoEmbeds],
    ['vectors', () => adapted.embed(factors, [[1, 2]]), whoEmbeds],
  ])('has nothing kept for it: %s', async (_, work, next) => {
    next();
    const kept = vi.spyOn(ParameterSession.prototype, 'evict');
    await Promise.resolve(work()).catch((error: Error) => expect(error.message).toBe('enough'));
    next();
    expect(kept).not.toHaveBeenCalled();
  });
});

function whoEvaluates(): void {
  model.evaluate(start, windows);
}

function whoEmbeds(): void {
  adapted.embed(factors, [[7]]);
}

async function wholeText(): Promise<void> {
  let count = 0;
  for await (const _ of generate(model, start, [1], { maxTokens: 3 })) count++;
  expect(count).toBe(3);
}

async function firstToken(): Promise<void> {
  for await (const token of generate(model, start, [1], { maxTokens: 9 })) {
    expect(token).toBeLessThan(20);
    break;
  }
}
