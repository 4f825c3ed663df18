import * as fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { GgufWriter } from '../../test/gguf-writer.helpers.ts';
import { bytesSource } from '../source/byte-source.ts';
import { parseGgufHeader } from './header.ts';
import { loadGguf } from './load.ts';

/** The value of a header's one entry, a text of these bytes. */
function textOf(raw: Uint8Array): unknown {
  const bytes = new GgufWriter().head(0, 1).text('key').u32(8).u64(raw.length).raw(raw).bytes();
  return parseGgufHeader(bytes, bytes.length)?.metadata.get('key');
}

describe('texts of a header', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it('are what an engine decodes, or refused with it', () => {
    // Ends and leads of one to four bytes, lone and in their order.
    const pieces = [
      [0x41],
      [0x7f],
      [0x80],
      [0xbf],
      [0xc1],
      [0xc2],
      [0xc4, 0xa0],
      [0xdf],
      [0xdf, 0xbf],
      [0xe0],
      [0xe2, 0x82, 0xac],
    ];
    const bytes = fc.array(fc.constantFrom(...pieces, [0xed, 0xa0, 0x80], [0xf0, 0x9f, 0x98, 0x80], [0xf5]), {
      maxLength: 24,
    });
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    let well = 0;
    fc.assert(
      fc.property(
        fc.oneof(
          bytes,
          fc.string({ unit: 'grapheme' }).map((text) => [[...new TextEncoder().encode(text)]]),
        ),
        (parts) => {
          const raw = Uint8Array.from(parts.flat());
          let expected: string;
          try {
            expected = decoder.decode(raw);
          } catch {
            expect(() => textOf(raw)).toThrowError(expect.objectContaining({ code: 'DECODE_FAILED' }));
            return;
          }
          well++;
          expect(textOf(raw)).toBe(expected);
        },
      ),
      { numRuns: 500 },
    );
    expect(well).toBeGreaterThan(50);
  });

  it('are whole on both sides of the length at which they are made otherwise', () => {
    for (const length of [0, 1, 63, 64, 65, 200]) {
      expect(textOf(new TextEncoder().encode('é'.repeat(length)))).toBe('é'.repeat(length));
      expect(textOf(new TextEncoder().encode('x'.repeat(length)))).toBe('x'.repeat(length));
    }
  });

  it('are made once, also where the header is longer than what is read of it first', async () => {
    const count = 50_000;
    const writer = new GgufWriter().head(0, 2);
    for (const list of ['tokens', 'merges']) {
      writer.text(list).u32(9).u32(8).u64(count);
      const bytes = new Uint8Array(16 * count);
      const view = new DataView(bytes.buffer);
      for (let i = 0; i < count; i++) {
        view.setUint32(16 * i, 8, true);
        bytes.set(new TextEncoder().encode(`Ġ${String(i).padStart(6, '0')}`), 16 * i + 8);
      }
      writer.raw(bytes);
    }
    const file = writer.bytes();
    expect(file.length).toBeGreaterThan(1 << 20);
    const made = vi.spyOn(String, 'fromCharCode');
    const otherwise = vi.spyOn(String, 'fromCodePoint');
    await expect(loadGguf(bytesSource(file), { kernels: 'plain' })).rejects.toMatchObject({ code: 'DECODE_FAILED' });
    expect(made.mock.calls.length).toBe(2 * count + 2);
    expect(otherwise).not.toHaveBeenCalled();
  });
});
