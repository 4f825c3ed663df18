import { seededRng } from '@fedkit/core';
import { describe, expect, it } from 'vitest';
import { blockVectors, distance, type ModelVector, modelVectors } from '../../test/vectors.helpers.ts';
import { full } from '../adapt/full.ts';
import { promptTuning } from '../adapt/prompt-tuning.ts';
import { loadGguf } from '../gguf/load.ts';
import { ggufType } from '../gguf/types.ts';
import { dequantize } from '../kernels/dequantize.ts';
import { blockOf } from '../kernels/kinds.ts';
import type { LanguageBase } from '../model/base.ts';
import { adapt } from '../model/transformer.ts';
import { loadSafetensors } from '../safetensors/load.ts';
import { blobSource, type ByteSource, bytesSource, fileSource, responseSource } from '../source/byte-source.ts';

const models = modelVectors();

function load({ format, config }: ModelVector, source: ByteSource, kernels?: 'plain'): Promise<LanguageBase> {
  const options = kernels ? { kernels } : {};
  return format === 'gguf'
    ? loadGguf(source, options).then(({ base }) => base)
    : loadSafetensors(source, config, options);
}

/** The base as it is: a model none of whose tensors moved. */
function logitsOf(base: LanguageBase, tokens: readonly number[]): Float32Array {
  const model = adapt(base, full({ filter: (name) => name === 'model.norm.weight' }));
  return model.logits(model.init(seededRng(1)), tokens);
}

describe('published models', () => {
  for (const vector of models) {
    it(`have transformers' logits: ${vector.title}`, async () => {
      const base = await load(vector, bytesSource(vector.file));
      const found = logitsOf(base, vector.tokens);
      expect(Math.max(...vector.logits.map(Math.abs))).toBeGreaterThan(1);
      expect(distance(found, vector.logits)).toBeLessThan(1e-4);
      expect(logitsOf(await load(vector, bytesSource(vector.file), 'plain'), vector.tokens)).toEqual(found);
    });

    it(`come alike from a blob, a file and a response: ${vector.title}`, async () => {
      const expected = (await load(vector, bytesSource(vector.file))).digest();
      const file = vector.file as Uint8Array<ArrayBuffer>;
      const handle = {
        stat: async () => ({ size: file.length }),
        // Short reads, as files may give.
        async read(buffer: Uint8Array, offset: number, length: number, position: number) {
          const part = file.subarray(position, position + Math.min(length, 1000));
          buffer.set(part, offset);
          return { bytesRead: part.length };
        },
      };
      let next = 0;
      const stream = new ReadableStream<Uint8Array>({
        pull(controller) {
          if (next >= file.length) controller.close();
          else controller.enqueue(file.slice(next, (next += 777)));
        },
      });
      const response = new Response(stream, { headers: { 'content-length': String(file.length) } });
      for (const source of [blobSource(new Blob([file])), await fileSource(handle), responseSource(response)]) {
        expect((await load(vector, source)).digest()).toBe(expected);
      }
    });

    it(`are refused where the file ends early, wherever: ${vector.title}`, async () => {
      const rng = seededRng(9);
      for (let i = 0; i < 60; i++) {
        const length = i < 30 ? rng.below(4000) : rng.below(vector.file.length);
        const cut = load(vector, bytesSource(vector.file.subarray(0, length)));
        await expect(cut, `${length} bytes`).rejects.toMatchObject({ code: 'DECODE_FAILED' });
        // A source that promises more than it has is found out too.
        const lying = { ...bytesSource(vector.file.subarray(0, length)), size: vector.file.length };
        await expect(load(vector, lying)).rejects.toMatchObject({ code: 'DECODE_FAILED' });
      }
    });
  }

  it('are told apart by their digests, which hold the weights', async () => {
    const digests = await Promise.all(
      models.map(async (vector) => (await load(vector, bytesSource(vector.file))).digest()),
    );
    expect(new Set(digests).size).toBe(models.length);
    const changed = models[0].file.slice();
    changed[changed.length - 2] ^= 1;
    expect((await load(models[0], bytesSource(changed))).digest()).not.toBe(digests[0]);
  });

  it('stay near their logits in fewer bits, and say how many bytes they take', async () => {
    const [{ config, file, tokens, logits }] = models;
    const exact = await loadSafetensors(bytesSource(file), config);
    const half = await loadSafetensors(bytesSource(file), config, { kind: 'f16' });
    expect(half.weightBytes).toBeLessThan(0.52 * exact.weightBytes);
    expect(distance(logitsOf(half, tokens), logits)).toBeLessThan(0.02);
  });

  it('report their progress and stop when asked', async () => {
    const seen: number[] = [];
    const controller = new AbortController();
    const { file, config } = models[0];
    await loadSafetensors(bytesSource(file), config, { onProgress: (read) => seen.push(read) });
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(seen.at(-1)).toBe(file.length);
    const stopped = loadSafetensors(bytesSource(file), config, {
      onProgress: () => controller.abort(),
      signal: controller.signal,
    });
    await expect(stopped).rejects.toMatchObject({ code: 'ABORTED' });
    const listened = loadSafetensors(bytesSource(file), config, {
      onProgress: async () => Promise.reject(new Error('enough')),
    });
    await expect(listened).rejects.toThrow('enough');
  });

  it('start prompts at the embedding of a token', async () => {
    const { base } = await loadGguf(bytesSource(models[2].file));
    const model = adapt(base, promptTuning({ tokens: 2, from: [5] }));
    const start = model.init(seededRng(1));
    expect(start.slice(0, 64)).toEqual(start.slice(64));
    expect(start.some((value) => value !== 0)).toBe(true);
  });
});

describe('types of GGUF', () => {
  it.each(blockVectors())('%s is what ggml says', (name, { values, bytes, expected }) => {
    const numbers = { Q4_0: 2, Q4_1: 3, Q5_0: 6, Q5_1: 7, Q8_0: 8, Q4_K: 12, Q5_K: 13, Q6_K: 14 } as const;
    const type = ggufType('tensor', numbers[name as keyof typeof numbers]);
    expect(type.values).toBe(values);
    const found = new Float32Array(expected.length);
    if (type.expand === undefined) dequantize(blockOf('test', type.kind).code, bytes, 0, found.length, found, 0);
    for (let b = 0; type.expand && b * values < found.length; b++) {
      type.expand(bytes, b * type.bytes, found.subarray(b * values, (b + 1) * values));
    }
    const largest = Math.max(...expected.map(Math.abs));
    expect(distance(found, expected)).toBeLessThan(1e-6 * largest);
  });

  it.each([10, 16, 39, 99])('%i is refused by name', (type) => {
    expect(() => ggufType('blk.0', type)).toThrowError(/Q2_K|IQ2_XXS|MXFP4|type 99/);
  });
});
