import { sha256 } from '@noble/hashes/sha2.js';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { FakeClock } from '../../test/fake-clock.ts';
import { sameBytes } from '../bytes.ts';
import { FedkitError } from '../errors.ts';
import { type Rng, seededRng } from '../random.ts';
import { Intake } from './intake.ts';
import { completeLimits } from './limits.ts';
import { completeRetryOptions, type Messenger, type RetryOptions, retryingExchange, unavailable } from './retry.ts';

// WebCrypto takes real time, in which the fake clock would run on.
beforeAll(() => void vi.stubGlobal('crypto', {}));
afterAll(() => void vi.unstubAllGlobals());

const bytes = (length: number, seed: number | string = 0) => seededRng(seed).fill(new Uint8Array(length));

/** A server that answers with the digest, and messages that reach it or do not. */
function setup(
  retry: RetryOptions = {},
  lose: (message: number) => 'request' | 'response' | undefined = () => undefined,
) {
  const clock = new FakeClock();
  const handled: Uint8Array[] = [];
  const intake = new Intake(
    {
      handle: async (_client, request) => {
        handled.push(request.slice());
        return sha256(request);
      },
    },
    { limits: completeLimits('test'), clock, onError: () => {} },
  );
  const sent: { at: number; length: number; offset?: number }[] = [];
  const messenger: Messenger = {
    async whole(request) {
      const lost = lose(sent.push({ at: clock.now(), length: request.length }));
      if (lost === 'request') throw unavailable('test', 'a response', 'none');
      const response = await intake.whole('a', request);
      if (lost === 'response') throw unavailable('test', 'a response', 'none');
      return { response };
    },
    async piece(piece) {
      const lost = lose(sent.push({ at: clock.now(), length: piece.bytes.length, offset: piece.offset }));
      if (lost === 'request') throw unavailable('test', 'a response', 'none');
      const receipt = await intake.piece('a', piece);
      if (lost === 'response') throw unavailable('test', 'a response', 'none');
      return receipt;
    },
  };
  const options = completeRetryOptions('test', { rng: seededRng(1), clock, ...retry });
  return { clock, messenger, sent, handled, intake, options, exchange: retryingExchange('test', messenger, options) };
}

const refused = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error);

describe('retryingExchange', () => {
  it('brings any request through a network that loses messages', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.integer({ min: 1, max: 300_000 }), async (seed, length) => {
        const rng = seededRng(seed);
        const lose = () => (['request', 'response', undefined, undefined, undefined] as const)[rng.below(5)];
        const { clock, exchange, handled } = setup({ chunkSize: 40_000, attempts: 50 }, lose);
        const request = bytes(length, seed);
        expect(await clock.until(exchange(request))).toEqual(sha256(request));
        for (const whole of handled) expect(sameBytes(whole, request)).toBe(true);
      }),
      { numRuns: 20 },
    );
  });

  it('sends what fits as one message, and the rest in pieces', async () => {
    const { exchange, sent } = setup({ chunkSize: 20_000 });
    await exchange(bytes(20_000));
    await exchange(bytes(45_000));
    expect(sent).toEqual([
      { at: 0, length: 20_000 },
      { at: 0, length: 20_000, offset: 0 },
      { at: 0, length: 20_000, offset: 20_000 },
      { at: 0, length: 5_000, offset: 40_000 },
    ]);
  });

  it('goes on where another process stopped', async () => {
    const { clock, exchange, sent, messenger, options } = setup({ chunkSize: 20_000, attempts: 1 }, (message) =>
      message === 4 ? 'request' : undefined,
    );
    await expect(clock.until(exchange(bytes(100_000)))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(sent).toHaveLength(4);
    // Nothing of the first process is left but the bytes.
    const again = retryingExchange('test', messenger, options);
    expect(await again(bytes(100_000))).toEqual(sha256(bytes(100_000)));
    expect(sent.slice(4).map(({ offset }) => offset)).toEqual([0, 60_000, 80_000]);
  });

  it('waits at random below a bound that doubles, and gives up', async () => {
    const largest: Rng = { ...seededRng(1), uniform: () => 1 - 2 ** -53 };
    const retry = { attempts: 6, firstDelay: 100, longestDelay: 1000, rng: largest };
    const { clock, exchange, sent } = setup(retry, () => 'request');
    await expect(clock.until(exchange(bytes(10)))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    const waits = sent.map(({ at }, i) => Math.round(at - (sent[i - 1]?.at ?? 0)));
    expect(waits).toEqual([0, 100, 200, 400, 800, 1000]);
    const jittered = setup({ ...retry, rng: seededRng(3) }, () => 'request');
    await refused(jittered.clock.until(jittered.exchange(bytes(10))));
    for (const [i, { at }] of jittered.sent.entries()) {
      const waited = at - (jittered.sent[i - 1]?.at ?? 0);
      expect(waited).toBeGreaterThanOrEqual(0);
      expect(waited).toBeLessThan([1, 100, 200, 400, 800, 1000][i]);
    }
  });

  it('counts failures in a row, not in all', async () => {
    const { clock, exchange, sent } = setup({ chunkSize: 16_384, attempts: 3 }, (message) =>
      message % 3 === 0 ? undefined : 'request',
    );
    await clock.until(exchange(bytes(16_384 * 10)));
    expect(sent).toHaveLength(30);
  });

  it('sends less at a time where messages get lost', async () => {
    const { clock, exchange, sent } = setup({ chunkSize: 100_000, attempts: 9 }, (message) =>
      message <= 5 ? 'request' : undefined,
    );
    await clock.until(exchange(bytes(90_000)));
    expect(sent.slice(0, 6).map(({ length }) => length)).toEqual([90_000, 50_000, 25_000, 16_384, 16_384, 16_384]);
  });

  it('waits as long as a server asks for, and no longer than it may', async () => {
    const { clock, messenger, options } = setup();
    let retryAfter = 7000;
    const busy: Messenger = { ...messenger, whole: () => Promise.reject(unavailable('t', 'a', 'b', { retryAfter })) };
    const exchange = retryingExchange('test', busy, { ...options, attempts: 2 });
    await refused(clock.until(exchange(bytes(1))));
    expect(clock.now()).toBeGreaterThanOrEqual(7000);
    expect(clock.now()).toBeLessThan(7500);
    retryAfter = 60_001;
    const before = clock.now();
    expect(await refused(clock.until(exchange(bytes(1))))).toMatchObject({
      code: 'UNAVAILABLE',
      details: { retryAfter },
    });
    expect(clock.now()).toBe(before);
  });

  it('gives up on what no other try will change', async () => {
    const { clock, messenger, options, sent } = setup();
    for (const code of ['AUTHENTICATION_FAILED', 'OUT_OF_RANGE'] as const) {
      const no: Messenger = { ...messenger, whole: () => Promise.reject(new FedkitError(code, 'no')) };
      await expect(retryingExchange('test', no, options)(bytes(1))).rejects.toMatchObject({ code });
    }
    expect(clock.now()).toBe(0);
    expect(sent).toHaveLength(0);
  });

  it('halves what a proxy finds too long, at once, down to 16 KiB', async () => {
    for (const bound of [1_048_576, 300_000, 20_000]) {
      const { clock, messenger, options, sent, exchange: _, handled } = setup();
      const tooLong = new FedkitError('OUT_OF_RANGE', 'too long', { details: { status: 413 } });
      const nginx: Messenger = {
        whole: (request, signal) =>
          request.length > bound ? Promise.reject(tooLong) : messenger.whole(request, signal),
        // A piece travels with its head.
        piece: (piece, signal) =>
          piece.bytes.length + 100 > bound ? Promise.reject(tooLong) : messenger.piece(piece, signal),
      };
      const request = bytes(2_500_000);
      await clock.until(retryingExchange('test', nginx, options)(request));
      expect(handled.map((whole) => sameBytes(whole, request))).toEqual([true]);
      // nginx's own default, 1 MiB, lets the first piece pass.
      expect(sent[0].length).toBe(bound === 1_048_576 ? 2 ** 20 - 4096 : sent[0].length);
      expect(Math.max(...sent.map(({ length }) => length))).toBeLessThanOrEqual(bound);
      expect(clock.now()).toBe(0);
    }
    const { messenger, options } = setup();
    const tooLong = new FedkitError('OUT_OF_RANGE', 'too long', { details: { status: 413 } });
    const never: Messenger = {
      ...messenger,
      piece: () => Promise.reject(tooLong),
      whole: () => Promise.reject(tooLong),
    };
    await expect(retryingExchange('test', never, options)(bytes(2_500_000))).rejects.toBe(tooLong);
  });

  it('ends with a server that never has enough, or too much', async () => {
    for (const have of [() => 0, (call: number) => (call % 2) * 16_384, () => 1e9]) {
      const { clock, messenger, options } = setup({ chunkSize: 16_384 });
      let calls = 0;
      const hostile: Messenger = { ...messenger, piece: async () => ({ have: have(++calls) }) };
      const exchange = retryingExchange('test', hostile, options);
      await expect(clock.until(exchange(bytes(100_000)))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
      expect(calls).toBeLessThan(50);
    }
  });

  it('times out a message that is never answered, and aborts it', async () => {
    const { clock, messenger, options } = setup();
    const signals: AbortSignal[] = [];
    const deaf: Messenger = {
      ...messenger,
      whole: (_request, signal) => {
        signals.push(signal);
        return new Promise(() => {});
      },
    };
    const exchange = retryingExchange('test', deaf, { ...options, attempts: 2, timeout: 1000 });
    await expect(clock.until(exchange(bytes(1)))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
    expect(clock.now()).toBeGreaterThanOrEqual(2000);
    expect(clock.waiting).toBe(0);
  });

  it('stops at once when the caller says so: before, while a message is out, while it waits', async () => {
    const { clock, messenger, options } = setup();
    const controller = new AbortController();
    const silent: Messenger = { ...messenger, whole: () => new Promise(() => {}) };
    const out = retryingExchange('test', silent, options)(bytes(1), { signal: controller.signal });
    controller.abort('enough');
    await expect(out).rejects.toMatchObject({ code: 'ABORTED', cause: 'enough' });
    await expect(
      retryingExchange('test', silent, options)(bytes(1), { signal: controller.signal }),
    ).rejects.toMatchObject({ code: 'ABORTED' });
    const second = new AbortController();
    const lossy = setup({}, () => 'request');
    const waiting = lossy.exchange(bytes(1), { signal: second.signal });
    await lossy.clock.advance(0);
    second.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'ABORTED' });
    expect(clock.waiting + lossy.clock.waiting).toBe(0);
  });
});
