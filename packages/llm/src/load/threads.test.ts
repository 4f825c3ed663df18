// Odds of its processes: 0. Threads run kernels, which draw nothing.
import { afterEach, describe, expect, it, vi } from 'vitest';
import { encoderVectors, type ModelVector, modelVectors } from '../../test/vectors.helpers.ts';
import { loadEncoder } from '../encoder/load.ts';
import { loadGguf } from '../gguf/load.ts';
import { KernelMemory } from '../kernels/memory.ts';
import { weightsBuilder } from '../model/base.ts';
import { loadSafetensors } from '../safetensors/load.ts';
import { bytesSource } from '../source/byte-source.ts';
import type { LoadOptions } from './options.ts';

const models = modelVectors();
const of = (format: string) => models.find((model) => model.format === format) as ModelVector;
const [encoder] = encoderVectors();
const LOADS: [string, (how: LoadOptions) => Promise<{ readonly threads: number; close(): Promise<void> }>][] = [
  ['loadGguf', async (how) => (await loadGguf(bytesSource(of('gguf').file), how)).base],
  ['loadSafetensors', (how) => loadSafetensors(bytesSource(of('safetensors').file), of('safetensors').config, how)],
  ['loadEncoder', (how) => loadEncoder(bytesSource(encoder.file), encoder.config, how)],
];

describe('threads of what is loaded', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it.each(LOADS)('stay with what loads, and end where weights are not read to their end: %s', async (_, load) => {
    const closed = vi.spyOn(KernelMemory.prototype, 'close');
    const loaded = await load({ threads: 2 });
    expect(closed).not.toHaveBeenCalled();
    expect(loaded.threads).toBe(2);
    await loaded.close();
    closed.mockClear();

    const controller = new AbortController();
    const stopped = load({ threads: 2, onProgress: () => controller.abort(), signal: controller.signal });
    await expect(stopped).rejects.toMatchObject({ code: 'ABORTED' });
    expect(closed.mock.contexts.map((memory) => (memory as KernelMemory).threads)).toEqual([1]);
  });

  it('end where the engine has no such memory', () => {
    const closed = vi.spyOn(KernelMemory.prototype, 'close');
    vi.spyOn(KernelMemory.prototype, 'reserve').mockImplementation(() => {
      throw new Error('no memory');
    });
    const kinds = new Map([['w', 'f32' as const]]);
    expect(() => weightsBuilder('test', [{ name: 'w', shape: [4, 4] }], kinds, { threads: 2 })).toThrow('no memory');
    expect(closed.mock.contexts.map((memory) => (memory as KernelMemory).threads)).toEqual([1]);
  });
});
