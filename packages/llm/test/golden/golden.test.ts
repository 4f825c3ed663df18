import * as core from '@fedkit/core';
import { describe, expect, it, vi } from 'vitest';
import * as llm from '../../src/index.ts';
import { languageGolden } from './golden.mjs';
import expected from './golden.json' with { type: 'json' };

// A digest that changes makes devices of two versions disagree. To accept, `node scripts/engines.mjs --write`.
describe('golden digests of language models', () => {
  it('are those on record', async () => {
    expect(await languageGolden({ core, llm })).toEqual(expected);
  });

  it('are the same without WebAssembly, crypto and TextEncoder', async () => {
    for (const name of ['WebAssembly', 'crypto', 'TextEncoder']) vi.stubGlobal(name, undefined);
    try {
      expect(await languageGolden({ core, llm })).toEqual(expected);
    } finally {
      vi.unstubAllGlobals();
    }
  });
});
