import type { FedkitError } from '@fedkit/core';
import { expect, it } from 'vitest';
import { weightsBuilder } from './base.ts';

it('places tensors that were planned, as what they were planned, and is whole once all are', () => {
  const specs = [
    { name: 'gain', shape: [4] },
    { name: 'weight', shape: [2, 32] },
  ];
  const kinds = new Map([
    ['gain', 'f32'],
    ['weight', 'q8_0'],
  ] as const);
  const builder = weightsBuilder('here', specs, kinds);
  const refusal = (code: string) => expect.objectContaining({ code }) as FedkitError;
  expect(() => builder.place('other', 'f32')).toThrow(refusal('INVALID_ARGUMENT'));
  expect(() => builder.place('weight', 'f32')).toThrow(refusal('INVALID_ARGUMENT'));
  expect(builder.place('gain', 'f32')).toHaveLength(16);
  expect(() => builder.finish()).toThrow(refusal('DECODE_FAILED'));
  // Blocks of 32 values: a byte each, and a scale in two.
  expect(builder.place('weight', 'q8_0')).toHaveLength(2 * 34);
  expect([...builder.finish().tensors.keys()]).toEqual(['gain', 'weight']);
});
