import { statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { endOf, FILE, readCorpus } from './corpus.ts';
import { DECODERS } from './decoders.ts';

const corpus = readCorpus();

describe('hostile inputs that were kept', () => {
  it('are of every decoder, and small', () => {
    expect(Object.keys(corpus)).toEqual(Object.keys(DECODERS));
    expect(statSync(FILE).size).toBeLessThan(250_000);
  });

  it.each(Object.entries(DECODERS))('%s: end as they did', (name, decoder) => {
    const kept = corpus[name];
    const ends = kept.map(([input]) => endOf(decoder, new Uint8Array(Buffer.from(input, 'base64'))));
    expect(ends.map(({ code }) => code)).toEqual(kept.map(([, code]) => code));
    // Something is taken, something refused; what is valid is taken.
    expect(ends.some(({ code }) => code !== 'value')).toBe(true);
    for (const bytes of decoder.valid) expect(endOf(decoder, bytes).code).toBe('value');
  });
});
