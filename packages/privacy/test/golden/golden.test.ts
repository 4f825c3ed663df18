import { seededRng } from '@fedkit/core';
import { expect, it } from 'vitest';
import * as privacy from '../../src/index.ts';
import { privacyGolden } from './golden.mjs';
import expected from './golden.json' with { type: 'json' };

// A digest that changes moves calibrated noise and bounds in their last digits: ledgers and pipelines that hold the old numbers
// keep them. To accept, `node scripts/engines.mjs --write`.
it('golden digests are those on record', () => {
  expect(privacyGolden({ privacy, seededRng })).toEqual(expected);
});
