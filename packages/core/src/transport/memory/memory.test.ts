import { describe, expect, it } from 'vitest';
import type { FedkitError } from '../../errors.ts';
import { FakeClock } from '../../../test/fake-clock.ts';
import { seededRng } from '../../random.ts';
import { sleep } from '../../protocol/clock.ts';
import type { Exchange } from '../../protocol/exchange.ts';
import { type Faults, faultyExchange } from './faulty-exchange.ts';
import { memoryTransport } from './memory-transport.ts';
import { type VirtualClock, virtualClock } from './virtual-clock.ts';

const COUNT = 500;

/** Sends requests 0, 1, … at once over a bad network, and says what became of them. */
async function send(faults: Faults & { connected?: () => boolean }, clock: VirtualClock = virtualClock(), seed = 1) {
  const arrived: { request: number; at: number }[] = [];
  const echo: Exchange = async (request) => {
    arrived.push({ request: request[0] * 256 + request[1], at: clock.now() });
    return request;
  };
  const exchange = faultyExchange(echo, { ...faults, rng: seededRng(seed), clock });
  const outcomes = await clock.run(
    Promise.all(
      Array.from({ length: COUNT }, async (_, i) => {
        try {
          const answer = await exchange(Uint8Array.of(i >> 8, i));
          return { answered: answer[0] * 256 + answer[1] === i, at: clock.now() };
        } catch (error) {
          return { code: (error as FedkitError).code, at: clock.now() };
        }
      }),
    ),
  );
  // What is still on its way arrives too.
  await clock.run(sleep('test', clock, 1e6, undefined));
  return { arrived, outcomes };
}

describe('memoryTransport', () => {
  it('copies both ways and knows who asks', async () => {
    let kept: Uint8Array = new Uint8Array(0);
    const handler = {
      async handle(client: string, request: Uint8Array) {
        expect(client).toBe('a');
        kept = request;
        return request;
      },
    };
    const request = Uint8Array.of(1, 2);
    const response = await memoryTransport(handler, 'a')(request);
    expect(response).toEqual(request);
    response[0] = 9;
    request[1] = 9;
    expect(kept).toEqual(Uint8Array.of(1, 2));
  });

  it("is UNAVAILABLE where the server fails, and ABORTED by its caller's signal", async () => {
    const failing = memoryTransport({ handle: () => Promise.reject(new Error('disk full')) }, 'a');
    await expect(failing(new Uint8Array(1))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    const controller = new AbortController();
    const slow = memoryTransport(
      {
        async handle(_client, request) {
          controller.abort();
          return request;
        },
      },
      'a',
    );
    await expect(slow(new Uint8Array(1), { signal: controller.signal })).rejects.toMatchObject({ code: 'ABORTED' });
    await expect(slow(new Uint8Array(1), { signal: controller.signal })).rejects.toMatchObject({ code: 'ABORTED' });
    expect(() => memoryTransport({} as never, 'a')).toThrowError(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    expect(() => memoryTransport({ handle: async (_client, request) => request }, '')).toThrowError(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
  });
});

describe('faultyExchange', () => {
  it('leaves no timer behind an answer', async () => {
    const clock = new FakeClock();
    const exchange = faultyExchange(async (request) => request, { rng: seededRng(1), clock });
    await clock.until(exchange(new Uint8Array(1)));
    expect(clock.waiting).toBe(0);
  });

  it('without faults is as the exchange', async () => {
    const { arrived, outcomes } = await send({});
    expect(outcomes.every(({ answered }) => answered)).toBe(true);
    expect(arrived.map(({ request }) => request)).toEqual(Array.from({ length: COUNT }, (_, i) => i));
  });

  it('loses requests and responses as often as it is told', async () => {
    const lost = await send({ requestLoss: 0.25 });
    // 500 draws at 1/4: within five standard deviations of 9.7, which fails for one seed in a million.
    expect(Math.abs(lost.arrived.length - 375)).toBeLessThan(49);
    expect(lost.outcomes.filter(({ answered }) => answered).length).toBe(lost.arrived.length);
    expect(lost.outcomes.filter(({ code }) => code === 'UNAVAILABLE').every(({ at }) => at === 30_000)).toBe(true);
    const silent = await send({ responseLoss: 0.25, timeout: 7 });
    expect(silent.arrived.length).toBe(COUNT);
    expect(Math.abs(silent.outcomes.filter(({ answered }) => answered).length - 375)).toBeLessThan(49);
  });

  it('repeats and reorders', async () => {
    const { arrived, outcomes } = await send({ duplication: 0.5, delay: { minimum: 1, maximum: 100 } });
    expect(outcomes.every(({ answered, at }) => answered && at >= 2 && at <= 200)).toBe(true);
    // Five standard deviations of 11.2.
    expect(Math.abs(arrived.length - 750)).toBeLessThan(56);
    const overtaken = arrived.filter(({ request }, i) => i > 0 && request < arrived[i - 1].request).length;
    expect(overtaken).toBeGreaterThan(200);
  });

  it('lets a request arrive that its sender has given up', async () => {
    const { arrived, outcomes } = await send({ delay: { minimum: 50, maximum: 60 }, timeout: 10 });
    expect(outcomes.every(({ code, at }) => code === 'UNAVAILABLE' && at === 10)).toBe(true);
    expect(arrived.length).toBe(COUNT);
    expect(arrived.every(({ at }) => at >= 50)).toBe(true);
  });

  it('carries nothing while it is not connected', async () => {
    const clock = virtualClock();
    const connected = () => clock.now() > 100;
    const { arrived } = await send({ connected, delay: { minimum: 0, maximum: 200 } }, clock);
    expect(arrived.every(({ at }) => at > 100)).toBe(true);
    expect(Math.abs(arrived.length - 250)).toBeLessThan(56);
  });

  it('is the same with the same seed', async () => {
    const faults = { requestLoss: 0.1, responseLoss: 0.1, duplication: 0.2, delay: { minimum: 0, maximum: 50 } };
    const first = await send(faults);
    expect(await send(faults)).toEqual(first);
    expect(await send(faults, virtualClock(), 2)).not.toEqual(first);
  });

  it('stops waiting once its caller does', async () => {
    const clock = virtualClock();
    const controller = new AbortController();
    const exchange = faultyExchange(async (request) => request, { requestLoss: 1, rng: seededRng(1), clock });
    clock.after(5, () => controller.abort());
    await expect(clock.run(exchange(new Uint8Array(1), { signal: controller.signal }))).rejects.toMatchObject({
      code: 'ABORTED',
    });
    expect(clock.now()).toBe(5);
  });

  it('refuses impossible faults by name', () => {
    const refused = (faults: Faults, code = 'OUT_OF_RANGE') =>
      expect(() =>
        faultyExchange(async (request) => request, { ...faults, rng: seededRng(1), clock: virtualClock() }),
      ).toThrowError(expect.objectContaining({ code }));
    refused({ requestLoss: 1.5 });
    refused({ responseLoss: Number.NaN });
    refused({ duplication: -1 });
    refused({ delay: { minimum: 5, maximum: 1 } });
    refused({ timeout: 0 });
  });
});

describe('virtualClock', () => {
  it('fires timers in the order of time and then of calls, and forgets those that are cancelled', async () => {
    const clock = virtualClock(1000);
    const fired: string[] = [];
    for (const [name, after] of Object.entries({ d: 30, a: 10, b: 10, e: 30, c: 20, x: 15 })) {
      const forget = clock.after(after, () => fired.push(`${name} ${clock.now()}`));
      if (name === 'x') forget();
    }
    await clock.run(sleep('test', clock, 40, undefined));
    expect(fired).toEqual(['a 1010', 'b 1010', 'c 1020', 'd 1030', 'e 1030']);
    expect(clock.now()).toBe(1040);
  });

  it('gives what work gives, and lets what fails fail', async () => {
    const clock = virtualClock();
    expect(await clock.run(Promise.resolve(7))).toBe(7);
    await expect(clock.run(Promise.reject(new Error('no')))).rejects.toThrow('no');
  });

  it('stands still while it is held', async () => {
    const clock = virtualClock();
    const release = clock.hold();
    let fired = false;
    clock.after(1, () => {
      fired = true;
    });
    await clock.run(new Promise((resolve) => setTimeout(resolve, 20)));
    expect([fired, clock.now()]).toEqual([false, 0]);
    release();
    release();
    await clock.run(sleep('test', clock, 2, undefined));
    expect([fired, clock.now()]).toEqual([true, 2]);
  });

  it('notices work that waits for nothing', async () => {
    await expect(virtualClock().run(new Promise(() => undefined))).rejects.toMatchObject({ code: 'PROTOCOL_STATE' });
  });
});
