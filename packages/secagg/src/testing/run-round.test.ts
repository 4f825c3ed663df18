import { seededRng } from '@fedkit/core';
import { describe, expect, it } from 'vitest';
import { type RunRoundOptions, runRound } from './run-round.ts';

function inputs(count: number, length: number, bound: number): Record<string, { update: Int32Array }> {
  const rng = seededRng('inputs');
  return Object.fromEntries(
    Array.from({ length: count }, (_, i) => [
      `client-${i}`,
      { update: Int32Array.from({ length }, () => rng.below(2 * bound + 1) - bound) },
    ]),
  );
}

function sumOf(all: Record<string, { update: Int32Array }>, ids: readonly string[]): Int32Array {
  const sum = new Int32Array(Object.values(all)[0].update.length);
  for (const id of ids) all[id].update.forEach((value, i) => (sum[i] += value));
  return sum;
}

describe('runRound', () => {
  it.each(['complete', 'harary'] as const)('sums over a %s graph without dropouts', async (graph) => {
    const all = inputs(12, 100, 1000);
    const options: RunRoundOptions = {
      inputs: all,
      config: {
        vectors: { update: { length: 100, bound: 1000 } },
        graph,
        ...(graph === 'harary' ? { degree: 6, threshold: 4 } : {}),
        corruptFraction: 0.1,
        dropoutFraction: 0.3,
        mode: 'semi-honest',
      },
      seed: 1,
    };
    const result = await runRound(options);
    expect(result.survivors).toEqual(Object.keys(all));
    expect(result.sums.update).toEqual(sumOf(all, result.survivors));
    expect(result.weight).toBe(12);
  });

  it.each(['complete', 'harary'] as const)('sums over a %s graph with a dropout in every stage', async (graph) => {
    const all = inputs(20, 50, 7);
    const result = await runRound({
      inputs: all,
      config: {
        vectors: { update: { length: 50, bound: 7 } },
        graph,
        ...(graph === 'harary' ? { degree: 12, threshold: 5 } : {}),
        corruptFraction: 0.05,
        dropoutFraction: 0.4,
        minimumClients: 12,
        mode: 'semi-honest',
      },
      drop: {
        advertise: ['client-0'],
        ...(graph === 'harary' ? { reveal: ['client-1'] } : {}),
        share: ['client-2', 'client-3'],
        input: ['client-4', 'client-5'],
        unmask: ['client-6', 'client-7'],
      },
      seed: 2,
    });
    expect(result.survivors).not.toContain('client-4');
    expect(result.survivors).toContain('client-6');
    expect(result.survivors.length).toBe(graph === 'harary' ? 14 : 15);
    expect(result.sums.update).toEqual(sumOf(all, result.survivors));
  });
});
