import { expect, it } from 'vitest';
import { ExactTable } from './exact-table.ts';

it('settles every entry of its table, however many bits that takes', () => {
  // Weights 1 : 2 : 4, known to within 2^-20 by 128 bits, and ever better.
  const weights = (precision: number) => {
    const unit = 1n << BigInt(precision);
    const error = precision > 128 ? 1n : unit >> 20n;
    const exact = [unit, 2n * unit, 4n * unit];
    return { lower: exact.map((w) => w - error), upper: exact.map((w) => w + error), tail: 0n };
  };
  const cumulative = [1n, 3n].map((part) => (part << 64n) / 7n);
  expect(new ExactTable(weights).thresholds()).toEqual([...cumulative, 0xffffffffffffffffn]);
});
