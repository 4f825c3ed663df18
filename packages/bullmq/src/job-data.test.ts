import { FedkitError } from '@fedkit/core';
import { describe, expect, it } from 'vitest';
import { failureOf, failureText, readJobData } from './job-data.ts';

const digest = '0123456789abcdef'.repeat(4);

describe("a job's data", () => {
  it.each([
    { inputs: [] },
    { inputs: [digest] },
    { inputs: [digest, digest], children: 1 },
    { inputs: [], children: 7 },
  ])('is read as it was written: %o', (data) => {
    expect(readJobData(JSON.parse(JSON.stringify({ ...data, more: 1 })))).toEqual(data);
  });

  it.each([
    undefined,
    null,
    7,
    {},
    { inputs: digest },
    { inputs: { length: 0 } },
    { inputs: [7] },
    { inputs: ['x'] },
    { inputs: [digest, digest.toUpperCase()] },
    { inputs: [`${digest}0`] },
    { children: 1 },
    { inputs: [digest.slice(1)], children: 1 },
    { inputs: [], children: 0 },
    { inputs: [], children: 1.5 },
    { inputs: [], children: '1' },
    { inputs: [], children: null },
  ])('is refused where this version did not write it: %o', (data) => {
    expect(() => readJobData(data)).toThrow(expect.objectContaining({ code: 'DECODE_FAILED' }));
  });
});

describe('why a task failed', () => {
  it('comes back with its code where it has one of ours', () => {
    const error = failureOf(failureText(new FedkitError('OUT_OF_RANGE', 'here: expected 1|2, got 3')));
    expect(error).toMatchObject({ code: 'OUT_OF_RANGE', message: 'here: expected 1|2, got 3' });
  });

  it.each(['', '|', 'a secret', 'OUT_OF_RANGE', 'OUT_OF_RANGEx', 'MADE_UP|words'])(
    'is UNAVAILABLE of others: %s',
    (text) => {
      expect(failureOf(text)).toMatchObject({ code: 'UNAVAILABLE' });
    },
  );

  it('says of foreign errors their name and the code of the system, not their words', () => {
    const full = Object.assign(new Error('no space left on /secret'), { code: 'ENOSPC' });
    expect(failureOf(failureText(full)).message).toMatch(/Error ENOSPC$/);
    expect(failureText(new TypeError('a secret'))).toBe('|TypeError');
    expect(failureText('a secret')).toBe('|an error');
  });
});
