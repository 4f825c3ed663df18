import { seededRng } from '@fedkit/core';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { transformer } from '../model/transformer.ts';
import { generate, type GenerateOptions } from './generate.ts';

const shape = { vocabulary: 50, width: 20, layers: 2, heads: 2, keyValueHeads: 1, context: 90 } as const;

async function all(tokens: AsyncIterable<number>): Promise<number[]> {
  const found = [];
  for await (const token of tokens) found.push(token);
  return found;
}

/** A model far from its start, so that tokens differ. */
function model(style: 'llama' | 'gpt' = 'llama') {
  const model = transformer({ ...shape, style, tiedEmbeddings: false });
  const rng = seededRng(3);
  const params = model.init(rng).map((value) => value + 0.4 * (rng.uniform() - 0.5));
  return { model, params };
}

const prompt = Array.from({ length: 70 }, (_, i) => (i * i) % 50);

describe('generate', () => {
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  it.each(['llama', 'gpt'] as const)(
    'takes the token whose logit is highest, with cache as without: %s',
    async (style) => {
      const { model: own, params } = model(style);
      const found = await all(generate(own, params, prompt, { maxTokens: 8 }));
      const tokens = [...prompt];
      for (const token of found) {
        const logits = own.logits(params, tokens).subarray(-50);
        expect(logits[token]).toBeGreaterThan(Math.max(...logits) - 1e-4);
        tokens.push(token);
      }
      expect(found.length).toBe(8);
      expect(new Set(found).size).toBeGreaterThan(1);
    },
  );

  it.each([
    [1, 2],
    [2, 4],
    [4, 3],
  ])('has the highest logits with %d heads of keys and a context of %d', async (keyValueHeads, context) => {
    const own = transformer({ ...shape, width: 24, heads: 4, keyValueHeads, context });
    const params = own.init(seededRng(4)).map((value, i) => value + Math.sin(i));
    const tokens = [7];
    for await (const token of generate(own, params, tokens.slice(), { maxTokens: context })) {
      const logits = own.logits(params, tokens).subarray(-50);
      expect(logits[token]).toBeGreaterThan(Math.max(...logits) - 1e-4);
      tokens.push(token);
    }
    expect(tokens.length).toBe(context);
  });

  it('goes on undisturbed when the model is evaluated in between', async () => {
    const { model: own, params } = model();
    const expected = await all(generate(own, params, prompt, { maxTokens: 6 }));
    const found = [];
    for await (const token of generate(own, params, prompt, { maxTokens: 6 })) {
      found.push(token);
      own.logits(own.init(seededRng(9)), [1, 2, 3]);
    }
    expect(found).toEqual(expected);
  });

  it('draws in proportion, from the nucleus alone, the same for one seed', async () => {
    const { model: own, params } = model();
    const options = (seed: number): GenerateOptions => ({
      maxTokens: 15,
      temperature: 1,
      topP: 0.5,
      rng: seededRng(seed),
    });
    const found = await all(generate(own, params, prompt, options(1)));
    expect(await all(generate(own, params, prompt, options(1)))).toEqual(found);
    const tokens = [...prompt];
    for (const token of found) {
      const logits = Array.from(own.logits(params, tokens).subarray(-50));
      const shares = logits.map((value) => Math.exp(value));
      const above = shares.filter((_, i) => logits[i] > logits[token]).reduce((a, b) => a + b, 0);
      expect(above / shares.reduce((a, b) => a + b, 0)).toBeLessThan(0.5 + 1e-4);
      tokens.push(token);
    }
  });

  it('asks for no array of the vocabulary a token, highest or drawn', async () => {
    let asked = 0;
    const counting = <C extends new (...how: never[]) => ArrayLike<number>>(of: C) =>
      class extends (of as unknown as new (...how: unknown[]) => ArrayLike<number>) {
        constructor(...how: unknown[]) {
          super(...how);
          if (typeof how[0] === 'number' && how[0] >= shape.vocabulary) asked++;
        }
      };
    for (const of of [Float32Array, Float64Array, Uint32Array]) vi.stubGlobal(of.name, counting(of));
    const { model: own, params } = model();
    const arrays = async (maxTokens: number, how: object): Promise<number> => {
      asked = 0;
      expect((await all(generate(own, params, [7], { maxTokens, ...how }))).length).toBe(maxTokens);
      return asked;
    };
    const drawn = () => ({ temperature: 1, topP: 0.9, rng: seededRng(1) });
    await arrays(60, {});
    expect([await arrays(5, {}), await arrays(50, {})]).toEqual([0, 0]);
    expect([await arrays(5, drawn()), await arrays(50, drawn())]).toEqual([2, 2]);
  });

  it('ends at a stop token and where the context ends', async () => {
    const { model: own, params } = model();
    const found = await all(generate(own, params, prompt, { maxTokens: 1000 }));
    expect(found.length).toBe(shape.context - prompt.length);
    const stopped = await all(generate(own, params, prompt, { maxTokens: 1000, stop: [found[5]] }));
    expect(stopped).toEqual(found.slice(0, found.indexOf(found[5])));
  });

  it('draws from no logits of which one is no number', async () => {
    const { model: own, params } = model();
    const head = own.layout.tensor('lm_head.weight');
    params[head.offset + 5 * shape.width] = Number.NaN;
    const options = { maxTokens: 3, temperature: 1, rng: seededRng(1) };
    await expect(all(generate(own, params, prompt, options))).rejects.toThrow('generate: logits[5]');
  });

  it.each([
    ['a token outside the vocabulary', [50], {}, 'OUT_OF_RANGE'],
    ['a prompt that fills the context', Array(90).fill(1), {}, 'OUT_OF_RANGE'],
    ['no prompt', [], {}, 'OUT_OF_RANGE'],
    ['a stop token outside the vocabulary', [1], { stop: [50] }, 'OUT_OF_RANGE'],
    ['a stop text', [1], { stop: ['.'] as never }, 'INVALID_ARGUMENT'],
    ['a temperature without draws', [1], { temperature: 1 }, 'INVALID_ARGUMENT'],
    ['an empty nucleus', [1], { temperature: 1, topP: 0, rng: seededRng(1) }, 'OUT_OF_RANGE'],
    ['an aborted signal', [1], { signal: AbortSignal.abort() }, 'ABORTED'],
  ])('refuses %s', async (_, tokens, options, code) => {
    const { model: own, params } = model();
    await expect(all(generate(own, params, tokens, { maxTokens: 3, ...options }))).rejects.toMatchObject({ code });
  });
});
