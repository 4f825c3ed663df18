import { sha256 } from '@noble/hashes/sha2.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../test/fake-clock.ts';
import { FedkitError } from '../errors.ts';
import { seededRng, shuffle } from '../random.ts';
import type { RequestHandler } from '../protocol/exchange.ts';
import { Intake } from './intake.ts';
import { completeLimits, type TransportLimits } from './limits.ts';
import type { Piece, Receipt } from './piece.ts';

const KIBI = 1024;

function setup(limits: TransportLimits = {}, handler?: RequestHandler['handle']) {
  const clock = new FakeClock();
  const seen: { client: string; request: Uint8Array }[] = [];
  const errors: unknown[] = [];
  const intake = new Intake(
    {
      handle:
        handler ??
        (async (client, request) => {
          seen.push({ client, request: request.slice() });
          return Uint8Array.of(seen.length);
        }),
    },
    { limits: completeLimits('test', limits), clock, onError: (error) => errors.push(error) },
  );
  return { clock, intake, seen, errors };
}

function piecesOf(whole: Uint8Array, length: number): Piece[] {
  const digest = sha256(whole);
  return Array.from({ length: Math.ceil(whole.length / length) }, (_, i) => ({
    digest,
    total: whole.length,
    offset: i * length,
    bytes: whole.subarray(i * length, (i + 1) * length),
  }));
}

const bytes = (length: number, seed: number | string = 0) => seededRng(seed).fill(new Uint8Array(length));

describe('Intake', () => {
  it('assembles any bytes, cut anyhow, lost, repeated and reordered, exactly once', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ minLength: 1, maxLength: 300 }),
        fc.nat(),
        fc.integer({ min: 1, max: 60 }),
        async (whole, seed, longest) => {
          const { intake, seen } = setup();
          const rng = seededRng(seed);
          const digest = sha256(whole);
          let last: Receipt = { have: 0 };
          for (let tries = 0; 'have' in last && tries < 20_000; tries++) {
            // Mostly what is asked for, sometimes anything at all.
            const offset = rng.below(3) > 0 ? last.have : rng.below(whole.length);
            const length = rng.below(longest + 1);
            const receipt = await intake.piece('a', {
              digest,
              total: whole.length,
              offset,
              bytes: whole.subarray(offset, offset + length),
            });
            if (rng.below(4) > 0) last = receipt;
          }
          expect(last).toEqual({ response: Uint8Array.of(1) });
          for (const piece of shuffle(piecesOf(whole, longest), rng)) {
            expect(await intake.piece('a', piece)).toEqual({ response: Uint8Array.of(1) });
          }
          expect(seen).toEqual([{ client: 'a', request: whole }]);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('gives pieces that come at once one answer', async () => {
    const { intake, seen } = setup();
    const whole = bytes(1000);
    const pieces = piecesOf(whole, 100);
    await Promise.all(pieces.map((piece) => intake.piece('a', piece)));
    const last = pieces[pieces.length - 1];
    const answers = await Promise.all([last, last, last].map((piece) => intake.piece('a', piece)));
    expect(answers).toEqual(Array.from({ length: 3 }, () => ({ response: Uint8Array.of(1) })));
    expect(seen).toHaveLength(1);
  });

  it('does not let one client see or touch the upload of another', async () => {
    const { intake, seen } = setup();
    const [first, second] = piecesOf(bytes(200), 100);
    expect(await intake.piece('a', first)).toEqual({ have: 100 });
    expect(await intake.piece('b', { ...second, bytes: new Uint8Array(0) })).toEqual({ have: 0 });
    expect(await intake.piece('a', second)).toEqual({ response: Uint8Array.of(1) });
    expect(await intake.piece('b', second)).toEqual({ have: 0 });
    expect(seen.map(({ client }) => client)).toEqual(['a']);
  });

  it('says how much it has of an upload that was interrupted, and never stores beyond a gap', async () => {
    const { intake } = setup();
    const [first, second, third] = piecesOf(bytes(250), 100);
    expect(await intake.piece('a', second)).toEqual({ have: 0 });
    expect(await intake.piece('a', first)).toEqual({ have: 100 });
    expect(await intake.piece('a', third)).toEqual({ have: 100 });
    expect(await intake.piece('a', first)).toEqual({ have: 100 });
    expect(await intake.piece('a', second)).toEqual({ have: 200 });
  });

  it('keeps the first of conflicting bytes, refuses a whole of another digest, and begins anew', async () => {
    const { intake, seen } = setup();
    const whole = bytes(200);
    const [first, second] = piecesOf(whole, 100);
    await intake.piece('a', { ...first, bytes: bytes(100, 'other') });
    expect(await intake.piece('a', first)).toEqual({ have: 100 });
    await expect(intake.piece('a', second)).rejects.toMatchObject({ code: 'AUTHENTICATION_FAILED' });
    expect(intake.held).toBe(0);
    expect(seen).toHaveLength(0);
    expect(await intake.piece('a', second)).toEqual({ have: 0 });
    await intake.piece('a', first);
    expect(await intake.piece('a', second)).toEqual({ response: Uint8Array.of(1) });
    expect(seen[0].request).toEqual(whole);
  });

  it('refuses another length under the same digest, and keeps what it has', async () => {
    const { intake } = setup();
    const [first, second] = piecesOf(bytes(200), 100);
    await intake.piece('a', first);
    await expect(intake.piece('a', { ...second, total: 300 })).rejects.toMatchObject({ code: 'SHAPE_MISMATCH' });
    expect(await intake.piece('a', second)).toEqual({ response: Uint8Array.of(1) });
  });

  it('refuses a declared length before it allocates', async () => {
    const { intake } = setup({ requestBytes: 1000 });
    const piece = { digest: new Uint8Array(32), total: Number.MAX_SAFE_INTEGER, offset: 0, bytes: new Uint8Array(1) };
    await expect(intake.piece('a', piece)).rejects.toMatchObject({ code: 'OUT_OF_RANGE' });
    expect(() => intake.reserve('a', 1001)).toThrow(expect.objectContaining({ code: 'OUT_OF_RANGE' }));
    expect(intake.held).toBe(0);
  });

  it('bounds half-open uploads of one client by its own memory: the oldest goes', async () => {
    const { intake } = setup({ requestBytes: 10 * KIBI, clientBytes: 30 * KIBI });
    const begun = Array.from({ length: 50 }, (_, i) => piecesOf(bytes(8 * KIBI, i), 4 * KIBI));
    for (const [first] of begun) {
      await intake.piece('a', first);
      expect(intake.held).toBeLessThanOrEqual(30 * KIBI);
    }
    expect(await intake.piece('a', { ...begun[49][1], bytes: new Uint8Array(0) })).toEqual({ have: 4 * KIBI });
    expect(await intake.piece('a', { ...begun[0][1], bytes: new Uint8Array(0) })).toEqual({ have: 0 });
  });

  it('bounds half-open uploads of all clients: who began may finish, newcomers wait', async () => {
    const limits = { requestBytes: 10 * KIBI, clientBytes: 30 * KIBI, totalBytes: 40 * KIBI, uploadMilliseconds: 1000 };
    const { clock, intake } = setup(limits);
    const begun = Array.from({ length: 4 }, (_, i) => piecesOf(bytes(9 * KIBI, i), 5 * KIBI));
    for (const [i, [first]] of begun.entries()) await intake.piece(`client ${i}`, first);
    for (let i = 4; i < 200; i++) {
      await expect(intake.piece(`client ${i}`, begun[0][0])).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    }
    expect(intake.held).toBeLessThanOrEqual(limits.totalBytes);
    expect(await intake.piece('client 2', begun[2][1])).toHaveProperty('response');
    expect(await intake.piece('client 9', begun[0][0])).toEqual({ have: 5 * KIBI });
    // Abandoned ones make room after a while, and not before.
    await clock.advance(999);
    await expect(intake.piece('client 10', begun[0][0])).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await clock.advance(2);
    for (let i = 10; i < 14; i++) await intake.piece(`client ${i}`, begun[0][0]);
    await expect(intake.piece('client 0', begun[0][1])).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('lets uploads that have come to a standstill make room, and no others', async () => {
    const limits = {
      requestBytes: 10 * KIBI,
      clientBytes: 30 * KIBI,
      totalBytes: 40 * KIBI,
      uploadMilliseconds: 600_000,
      stalledMilliseconds: 1000,
    };
    const { clock, intake } = setup(limits);
    const begun = Array.from({ length: 3 }, (_, i) => piecesOf(bytes(9 * KIBI, i), 3 * KIBI));
    for (const [i, [first]] of begun.entries()) await intake.piece(`client ${i}`, first);
    await clock.advance(900);
    // Client 0 goes on; of client 1 something is arriving; client 2 has vanished. A question is no progress.
    await intake.piece('client 0', begun[0][1]);
    const arriving = intake.reserve('client 1', KIBI);
    await intake.piece('client 2', { ...begun[2][0], bytes: new Uint8Array(0) });
    await expect(intake.piece('new', begun[0][0])).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await clock.advance(101);
    expect(await intake.piece('new', begun[0][0])).toEqual({ have: 3 * KIBI });
    await expect(intake.piece('newer', begun[0][0])).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    arriving.release();
    expect(await intake.piece('newer', begun[0][0])).toEqual({ have: 3 * KIBI });
    expect(await intake.piece('client 0', begun[0][2])).toHaveProperty('response');
    // Whoever lost an upload begins it anew.
    expect(await intake.piece('client 2', { ...begun[2][1], bytes: new Uint8Array(0) })).toEqual({ have: 0 });
    expect(intake.held).toBeLessThanOrEqual(limits.totalBytes);
  });

  it('lets an upload make room once nothing of its client is arriving any more', async () => {
    const limits = {
      requestBytes: 10 * KIBI,
      clientBytes: 24 * KIBI,
      totalBytes: 24 * KIBI,
      stalledMilliseconds: 1000,
    };
    const { clock, intake } = setup(limits);
    const [first] = piecesOf(bytes(9 * KIBI), 3 * KIBI);
    await intake.piece('stalled', first);
    const arriving = intake.reserve('stalled', 1);
    await clock.advance(1001);
    await intake.piece('fresh', first);
    await expect(intake.piece('new', first)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    arriving.release();
    // Without the reservation too there is no room for three: the first gives way.
    expect(await intake.piece('new', first)).toEqual({ have: 3 * KIBI });
    expect(intake.held).toBe(2 * (9 + 1) * KIBI);
  });

  it('bounds many tiny uploads: each costs more than its bytes', async () => {
    const { intake } = setup({ requestBytes: 4 * KIBI, totalBytes: 64 * KIBI });
    for (let i = 0; i < 1000; i++) await intake.piece('a', piecesOf(bytes(2, i), 1)[0]);
    for (let i = 0; i < 1000; i++) await intake.piece('a', piecesOf(bytes(2, i), 2)[0]);
    expect(intake.held).toBeLessThanOrEqual(64 * KIBI);
  });

  it('gives memory back', async () => {
    const { clock, intake } = setup({ uploadMilliseconds: 1000 });
    const reservation = intake.reserve('a', 1000);
    reservation.allocate(500);
    reservation.allocate(1500);
    expect(intake.held).toBeGreaterThanOrEqual(1500);
    reservation.release();
    reservation.release();
    expect(intake.held).toBe(0);
    await intake.piece('a', piecesOf(bytes(2000), 2000)[0]);
    expect(intake.held).toBeLessThan(2000);
    await clock.advance(1001);
    await intake.piece('b', piecesOf(bytes(2000), 1)[0]);
    await clock.advance(1001);
    await expect(intake.piece('c', { ...piecesOf(bytes(2), 1)[0], total: 2 ** 40 })).rejects.toThrow(FedkitError);
    expect(intake.held).toBe(0);
  });

  it('frees at once what is too much to be kept, and nothing that its holder has yet to copy', async () => {
    const { intake } = setup({ requestBytes: 2 ** 28 });
    const reservation = intake.reserve('a', 2 ** 28);
    const grown = reservation.allocate(2 ** 27 + 1);
    const large = reservation.allocate(2 ** 27 + 2);
    reservation.release();
    expect([grown.length, large.length]).toEqual([2 ** 27 + 1, 0]);
    const another = intake.reserve('a', 2 ** 27);
    const kept = another.allocate(2 ** 27);
    another.release();
    expect(kept.length).toBe(2 ** 27);
  });

  it('calls a failing handler again when the last piece comes again, and tells nothing of its error', async () => {
    let calls = 0;
    const { intake, errors } = setup({}, async () => {
      if (++calls < 3) throw new Error('password: 1234');
      return Uint8Array.of(7);
    });
    const [first, second] = piecesOf(bytes(200), 100);
    await intake.piece('a', first);
    for (let i = 0; i < 2; i++) {
      const refused: unknown = await intake.piece('a', second).catch((error: unknown) => error);
      expect(refused).toMatchObject({ code: 'UNAVAILABLE' });
      expect((refused as Error).message).not.toContain('1234');
    }
    expect(await intake.piece('a', { ...second, offset: 200, bytes: new Uint8Array(0) })).toEqual({
      response: Uint8Array.of(7),
    });
    expect(errors).toHaveLength(2);
  });

  it('sends no response beyond its bound', async () => {
    const { intake, errors } = setup({ responseBytes: 10 }, async () => new Uint8Array(11));
    await expect(intake.whole('a', new Uint8Array(1))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(errors).toMatchObject([{ code: 'OUT_OF_RANGE' }]);
  });
});
