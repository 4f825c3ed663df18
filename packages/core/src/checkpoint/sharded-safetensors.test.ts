import { describe, expect, it } from 'vitest';
import { Layout } from '../model/layout.ts';
import { encodeSafetensors } from '../model/safetensors.ts';
import { decodeShardedSafetensors } from './sharded-safetensors.ts';

const shard = (name: string, ...values: number[]) =>
  encodeSafetensors({
    layout: Layout.of([{ name, shape: [values.length] }]),
    values: Float32Array.from(values),
    metadata: { format: 'pt' },
  });
const files = { '1.safetensors': shard('b', 1, 2), '2.safetensors': shard('a', 3) };
const index = (map: unknown) => JSON.stringify({ metadata: { total_size: 12 }, weight_map: map });
const good = index({ a: '2.safetensors', b: '1.safetensors' });

describe('decodeShardedSafetensors', () => {
  it('joins files in the order of the index, or of the layout', () => {
    const model = decodeShardedSafetensors(good, files);
    expect([...model.values]).toEqual([3, 1, 2]);
    expect(model.metadata).toEqual({ format: 'pt' });
    const layout = Layout.of([
      { name: 'b', shape: [2] },
      { name: 'a', shape: [1] },
    ]);
    expect([...decodeShardedSafetensors(good, files, { layout }).values]).toEqual([1, 2, 3]);
  });

  it.each([
    ['a file that is missing', 'INVALID_ARGUMENT', index({ a: '3.safetensors' })],
    ['a tensor in another file', 'DECODE_FAILED', index({ a: '1.safetensors', b: '2.safetensors' })],
    ['a tensor in no file', 'DECODE_FAILED', index({ a: '2.safetensors', b: '1.safetensors', c: '1.safetensors' })],
    ['a tensor that the index does not name', 'DECODE_FAILED', index({ c: '2.safetensors' })],
    ['no weight map', 'DECODE_FAILED', '{}'],
    ['null', 'DECODE_FAILED', 'null'],
    ['files that are no names', 'DECODE_FAILED', index({ a: 1 })],
    ['no JSON', 'DECODE_FAILED', '{'],
  ])('refuses %s', (_, code, text) => {
    expect(() => decodeShardedSafetensors(text, files)).toThrow(expect.objectContaining({ name: 'FedkitError', code }));
  });
});
