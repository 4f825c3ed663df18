import { isFedkitError, seededRng } from '@fedkit/core';
import { describe, expect, it } from 'vitest';
import { decode, MAXIMUM_UNEXPECTED_SIZE, topK } from '../src/index.ts';
import { fuzz, mutate } from './fuzz.ts';
import { CODECS, contextOf, normals } from './support.ts';

/** A million behind `pnpm bench compression fuzz 1000000`. */
const MUTATIONS = 20_000;

describe('hostile bytes', () => {
  it.each(Object.entries(CODECS))('%s refuses mutated messages by name or decodes finite values', (name, codec) => {
    const { accepted, refused } = fuzz(codec, MUTATIONS, name);
    expect(accepted + refused).toBe(MUTATIONS);
    expect(refused).toBeGreaterThan(MUTATIONS / 10);
  });

  it.each(Object.entries(CODECS))('%s allocates at most twice the expected values, and tables', (name, codec) => {
    const size = 60_000;
    const context = { ...contextOf('allocation'), expectedSize: size };
    const rng = seededRng(name);
    const bytes = codec.encode(normals(size, rng), context);
    codec.decode(bytes, context);
    for (let i = 0; i < 25; i++) {
      const mutated = i === 0 ? bytes : mutateHeader(bytes, rng);
      const allocated = allocations(() => {
        try {
          codec.decode(mutated, context);
        } catch (error) {
          if (!isFedkitError(error)) throw error;
        }
      });
      // The rANS table, one tile and the chunks take their places whatever the size.
      expect(allocated).toBeLessThanOrEqual(2 * 4 * size + 200_000);
    }
  });

  it('the general decoder refuses by name too, with and without seeds', () => {
    const rng = seededRng('general');
    const context = contextOf('general');
    const messages = Object.values(CODECS).map((codec) => codec.encode(normals(40, rng), context));
    let refused = 0;
    for (let i = 0; i < 10_000; i++) {
      const mutated = mutate(messages[rng.below(messages.length)], messages[rng.below(messages.length)], rng);
      try {
        decode(mutated, i % 2 === 0 ? { expectedSize: 40 } : { ...context, expectedSize: 40 });
      } catch (error) {
        expect(error).toMatchObject({ code: 'DECODE_FAILED' });
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(5000);
  });

  it('refuses a size beyond the limit that stands without an expected one, before allocating', () => {
    const header = (size: number) => {
      const bytes = [0xfc, 1];
      for (let rest = size; ; rest = Math.floor(rest / 128)) {
        bytes.push(rest > 127 ? (rest % 128) | 128 : rest);
        if (rest <= 127) return Uint8Array.of(...bytes, 32, 0, 0, 1, 0);
      }
    };
    const codec = topK({ density: 0.1 });
    const sink = { dense: () => {}, sparse: () => {} };
    expect(() => codec.visit(header(MAXIMUM_UNEXPECTED_SIZE), sink)).not.toThrow();
    for (const size of [MAXIMUM_UNEXPECTED_SIZE + 1, 0x7fffffff, 2 ** 32, 2 ** 40]) {
      const allocated = allocations(() => {
        expect(() => codec.decode(header(size))).toThrow(/values without expectedSize|a size up to/);
      });
      expect(allocated).toBeLessThan(100_000);
    }
  });
});

function mutateHeader(bytes: Uint8Array, rng: ReturnType<typeof seededRng>): Uint8Array {
  const head = mutate(bytes.subarray(0, 24), bytes.subarray(0, 24), rng);
  const result = new Uint8Array(head.length + bytes.length - 24);
  result.set(head);
  result.set(bytes.subarray(24), head.length);
  return result;
}

/** Bytes of all typed arrays constructed while `work` runs. */
function allocations(work: () => void): number {
  const names = ['Uint8Array', 'Uint16Array', 'Uint32Array', 'Int32Array', 'Float32Array', 'Float64Array'] as const;
  const globals = globalThis as unknown as Record<string, new (...args: unknown[]) => ArrayBufferView>;
  const originals = names.map((name) => globals[name]);
  let total = 0;
  names.forEach((name, i) => {
    const original = originals[i];
    const counting: typeof original = new Proxy(original, {
      construct: (target, args, newTarget) => {
        const made = Reflect.construct(target, args, newTarget === counting ? target : newTarget) as ArrayBufferView;
        if (!(args[0] instanceof ArrayBuffer)) total += made.byteLength;
        return made;
      },
    });
    globals[name] = counting;
  });
  try {
    work();
  } finally {
    names.forEach((name, i) => (globals[name] = originals[i]));
  }
  return total;
}
