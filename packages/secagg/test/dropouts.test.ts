// Research group 11: every client in every stage, neighbours together, exactly t and t − 1, lost and doubled messages.
import { seededRng } from '@fedkit/core';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DropStage, runRound } from '../src/testing/index.ts';
import { Round, configOf, ringOf, shuffled } from './harness.ts';

const COMPLETE: readonly DropStage[] = ['advertise', 'share', 'input', 'unmask'];
const HARARY: readonly DropStage[] = ['advertise', 'reveal', 'share', 'input', 'unmask'];

async function run(config: ReturnType<typeof configOf>, drop: Partial<Record<DropStage, readonly string[]>>) {
  const ids = Array.from({ length: config.clients }, (_, i) => `c${i}`);
  const result = await runRound({
    inputs: Object.fromEntries(ids.map((id) => [id, Round.input(id)])),
    config,
    drop,
    seed: 5,
  });
  const gone = (Object.entries(drop) as [DropStage, string[]][]).flatMap(([stage, lost]) =>
    stage === 'unmask' ? [] : lost,
  );
  expect(result.survivors).toEqual(ids.filter((id) => !gone.includes(id)));
  expect(result.sums.update).toEqual(Round.sum(result.survivors));
}

describe('one client at a time', () => {
  const complete = configOf({ clients: 5, threshold: 3, minimumClients: 3 });
  const ring = ringOf(8, 4, 2);
  for (const stage of COMPLETE) {
    for (let i = 0; i < 5; i++) {
      it(`complete: c${i} at ${stage}`, () => run(complete, { [stage]: [`c${i}`] }));
    }
  }
  for (const stage of HARARY) {
    for (let i = 0; i < 8; i += 3) {
      it(`ring: c${i} at ${stage}`, () => run(ring, { [stage]: [`c${i}`] }));
    }
  }
});

describe('many at once', () => {
  it.each(COMPLETE)('exactly t survive a complete round when others drop at %s, and t − 1 do not', async (stage) => {
    const config = configOf({ clients: 7, threshold: 4, minimumClients: 4 });
    await run(config, { [stage]: ['c0', 'c3', 'c6'] });
    await expect(run(config, { [stage]: ['c0', 'c3', 'c5', 'c6'] })).rejects.toThrow(
      expect.objectContaining({ code: 'THRESHOLD_NOT_MET' }),
    );
  });

  it('some at every stage, chosen at random', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 1e6 }), async (seed) => {
        const ids = shuffled(
          Array.from({ length: 9 }, (_, i) => `c${i}`),
          seededRng(seed),
        );
        const config = configOf({ clients: 9, threshold: 4, minimumClients: 4 });
        const drop = Object.fromEntries(COMPLETE.map((stage, i) => [stage, [ids[i]]]));
        await run(config, drop);
      }),
      { numRuns: 10, seed: 1 },
    );
  });

  it('neighbours on the ring together: survives while each survivor keeps t, refuses when one does not', async () => {
    const config = ringOf(12, 6, 3);
    const probe = await new Round(config).until('input');
    // c0's neighbours, as the server computed them: those whose shares c0 received.
    let tried = 0;
    for (let a = 1; a < 12; a += 3) {
      const others = probe.ids.filter((id) => id !== 'c0' && id !== `c${a}`).slice(0, 1);
      await run(config, { input: [`c${a}`, ...others] });
      tried++;
    }
    expect(tried).toBe(4);
    const lost = probe.ids.slice(3);
    await expect(run(config, { input: lost })).rejects.toThrow(expect.objectContaining({ code: 'THRESHOLD_NOT_MET' }));
  });

  it('a ring client whose neighbours mostly never dealt counts as dropped too', async () => {
    const config = ringOf(10, 4, 4);
    // With t = k, losing one client at `share` strips its four neighbours of a dealer each, and so on around the ring.
    await expect(run(config, { share: ['c2'] })).rejects.toThrow(
      expect.objectContaining({ code: 'THRESHOLD_NOT_MET' }),
    );
    await run(ringOf(10, 4, 3), { share: ['c2'] });
  });
});

describe('messages late, lost and doubled', () => {
  it.each([
    ['complete', configOf({ clients: 5, threshold: 2, minimumClients: 2 })],
    ['a ring', ringOf(6, 4, 2)],
    ['a ring whose server may lie', ringOf(8, 6, 5, { mode: 'semi-malicious', minimumClients: 6 })],
  ])('says of each client what the list of those it waits for says: %s', async (_, config) => {
    const round = new Round(config);
    const seen: number[] = [];
    const check = () => {
      const { server, ids } = round;
      seen.push(server.waitingFor.length);
      expect(ids.filter((id) => server.awaits(id))).toEqual(server.waitingFor);
      expect(server.awaits('stranger')).toBe(false);
    };
    check();
    while (round.server.stage !== 'finished') {
      await round.answer();
      round.server.leave('c1');
      check();
      for (const [id, answer] of round.answers) {
        await round.server.receive(id, answer);
        check();
      }
      round.sent = new Map(await round.server.advance());
      check();
    }
    expect(new Set(seen).size).toBe(config.clients + 1);
  });

  it('waits for nobody who left and forgets it when they come back', async () => {
    const round = await new Round(configOf({ clients: 4, threshold: 2, minimumClients: 2 })).until('share');
    expect(round.server.waitingFor).toEqual(['c0', 'c1', 'c2', 'c3']);
    await round.answer();
    round.server.leave('c1');
    expect(round.server.waitingFor).toEqual(['c0', 'c2', 'c3']);
    await round.deliver();
    expect(round.server.waitingFor).toEqual([]);
  });

  it('takes a doubled message once, wherever it falls', async () => {
    const round = new Round(configOf({ clients: 4, threshold: 3, minimumClients: 3 }));
    while (round.server.stage !== 'finished') {
      const { stage } = round.server;
      await round.answer();
      await round.deliver();
      await round.deliver();
      const doubled = round.answers;
      round.sent = new Map(await round.server.advance());
      // The same bytes after the stage has ended are known, and change nothing.
      if (stage !== 'unmask') for (const [id, bytes] of doubled) await round.server.receive(id, bytes);
    }
    expect(round.server.result().sums.update).toEqual(Round.sum(round.ids));
  });

  it('discards a masked input that comes after its owner was declared dropped', async () => {
    const round = await new Round(configOf({ clients: 4, threshold: 3, minimumClients: 3 })).until('input');
    const answers = await round.answer();
    await round.deliver(['c3']);
    round.sent = new Map(await round.server.advance());
    await expect(round.server.receive('c3', answers.get('c3') as Uint8Array)).rejects.toThrow(
      expect.objectContaining({ code: 'PROTOCOL_STATE' }),
    );
    await round.until('finished', ['c3']);
    expect(round.server.result().sums.update).toEqual(Round.sum(['c0', 'c1', 'c2']));
  });

  it('ends as soon as t have answered, and ignores the rest', async () => {
    const round = await new Round(configOf({ clients: 5, threshold: 3, minimumClients: 3 })).until('unmask');
    const answers = await round.answer();
    for (const id of ['c0', 'c1']) await round.server.receive(id, answers.get(id) as Uint8Array);
    expect(round.server.ready).toBe(false);
    await expect(round.server.advance()).rejects.toThrow(expect.objectContaining({ code: 'THRESHOLD_NOT_MET' }));
    await round.server.receive('c4', answers.get('c4') as Uint8Array);
    expect(round.server.ready).toBe(true);
    await round.server.advance();
    expect(round.server.stage).toBe('finished');
    await expect(round.server.receive('c2', answers.get('c2') as Uint8Array)).rejects.toThrow(
      expect.objectContaining({ code: 'PROTOCOL_STATE' }),
    );
    expect(round.server.result().sums.update).toEqual(Round.sum(round.ids));
  });

  it('takes answers in any order', async () => {
    const round = new Round(configOf({ clients: 6, threshold: 4, minimumClients: 4 }));
    const rng = seededRng('order');
    while (round.server.stage !== 'finished') {
      await round.answer();
      const ids = shuffled([...round.answers.keys()], rng);
      for (const id of ids) await round.server.receive(id, round.answers.get(id) as Uint8Array);
      round.sent = new Map(await round.server.advance());
    }
    expect(round.server.result().sums.update).toEqual(Round.sum(round.ids));
  });

  it('counts the input of a client that aborts after sending it', async () => {
    const round = await new Round(configOf({ clients: 4, threshold: 3, minimumClients: 3 })).until('unmask');
    await round.server.receive('c1', await round.client('c1').abort());
    expect(round.server.waitingFor).toEqual(['c0', 'c2', 'c3']);
    round.sent.delete('c1');
    await round.until('finished');
    expect(round.server.result().sums.update).toEqual(Round.sum(round.ids));
  });
});
