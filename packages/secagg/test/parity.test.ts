// Research group 17: the same bytes from node:crypto, WebCrypto and plain JavaScript, with and without WebAssembly.
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type CryptoProvider, type MaskSuite, nodeProvider, plainProvider, webProvider } from '../src/index.ts';
import { runRound } from '../src/testing/index.ts';

const ids = ['a', 'b', 'c', 'd', 'e', 'f'];

async function transcript(provider: CryptoProvider | undefined, suite: MaskSuite, graph: 'complete' | 'harary') {
  const lines: string[] = [];
  const { sums } = await runRound({
    inputs: Object.fromEntries(ids.map((id, i) => [id, { narrow: Int32Array.of(i, -1), wide: Int32Array.of(1e9) }])),
    config: {
      vectors: { narrow: { length: 2, bound: 100 }, wide: { length: 1, bound: 2 ** 40 } },
      corruptFraction: 0,
      dropoutFraction: 0,
      mode: 'semi-honest',
      graph,
      suite,
      minimumClients: 3,
      threshold: 2,
      ...(graph === 'harary' ? { degree: 4 } : {}),
    },
    drop: { share: ['b'], input: ['e'] },
    seed: 'parity',
    ...(provider === undefined ? {} : { provider }),
    onMessage: ({ direction, client, bytes }) =>
      lines.push(`${direction} ${client} ${Buffer.from(bytes).toString('hex')}`),
  });
  expect(Array.from(sums.narrow)).toEqual([0 + 2 + 3 + 5, -4]);
  expect(Array.from(sums.wide)).toEqual([4e9]);
  return lines;
}

afterEach(() => vi.unstubAllGlobals());

describe.each(['aes-128-ctr', 'chacha20'] as const)('%s', (suite) => {
  it.each(['complete', 'harary'] as const)('gives one transcript of a %s round on every provider', async (graph) => {
    const plain = await transcript(plainProvider, suite, graph);
    for (const provider of [nodeProvider(), webProvider(), undefined]) {
      expect(await transcript(provider, suite, graph)).toEqual(plain);
    }
    vi.stubGlobal('WebAssembly', undefined);
    expect(await transcript(plainProvider, suite, graph)).toEqual(plain);
  });
});

describe('an engine with neither node:crypto nor WebCrypto', () => {
  it('imports the package and runs', async () => {
    const held = Object.getOwnPropertyDescriptor(process, 'getBuiltinModule') as PropertyDescriptor;
    vi.resetModules();
    vi.stubGlobal('crypto', { getRandomValues: globalThis.crypto.getRandomValues.bind(globalThis.crypto) });
    Object.defineProperty(process, 'getBuiltinModule', { ...held, value: () => undefined });
    try {
      const fresh = await import('../src/index.ts');
      expect(fresh.defaultProvider().name).toBe('plain');
      expect(fresh.nodeProvider()).toBeUndefined();
      expect(fresh.webProvider()).toBeUndefined();
    } finally {
      Object.defineProperty(process, 'getBuiltinModule', held);
    }
  });
});
