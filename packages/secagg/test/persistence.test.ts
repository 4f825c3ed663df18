// Research groups 11 and 16: state that survives a crash, single answers, secrets that stay secret.
import { type SecureRng, seededRng } from '@fedkit/core';
import type { ClientPersist, ClientSwap } from '@fedkit/core/secure';
import { describe, expect, it } from 'vitest';
import { SecAggClient, SecAggServer, plainProvider, roundConfigDigest } from '../src/index.ts';
import { hex } from '../src/internal/bytes.ts';
import { encodeUnmaskRequest } from '../src/messages/unmask-request.ts';
import { NO_INDEX } from '../src/messages/header.ts';
import { testingRng } from '../src/testing/index.ts';
import { openState } from '../src/persist/seal.ts';
import { Round, SEALING_KEY, Saves, clientOptions, configOf, ringOf } from './harness.ts';

const complete = configOf({ clients: 5, threshold: 3, minimumClients: 3 });
const ring = ringOf(8, 4, 2);

describe.each([
  ['complete', complete],
  ['harary', ring],
] as const)('a client in a %s graph', (_, config) => {
  it('restored after every answer gives the same bytes again, and goes on to the same sum', async () => {
    const round = new Round(config);
    while (round.server.stage !== 'finished') {
      const { stage } = round.server;
      const before = new Map(round.sent);
      await round.answer();
      for (const id of round.ids) {
        const answer = round.answers.get(id);
        if (answer === undefined) continue;
        const saves = round.saves.get(id) as Saves;
        const options = clientOptions(config, id, { persist: saves.persist, rng: testingRng('another stream') });
        const restored = SecAggClient.restore({ ...options, sealedState: saves.last });
        expect(restored.stage).toBe(round.client(id).stage);
        const again =
          stage === 'advertise' ? await restored.start() : await restored.receive(before.get(id) as Uint8Array);
        expect(again).toEqual(answer);
        round.clients.set(id, restored);
      }
      await round.deliver();
      round.sent = new Map(await round.server.advance());
    }
    expect(round.server.result().sums.update).toEqual(Round.sum(round.ids));
  });
});

describe('single answers', () => {
  it('hold after a restore: another request of an answered kind is refused', async () => {
    const round = await new Round(complete).until('unmask');
    await round.answer();
    const saves = round.saves.get('c0') as Saves;
    const restored = SecAggClient.restore({ ...clientOptions(complete, 'c0'), sealedState: saves.last });
    const other = encodeUnmaskRequest(complete, NO_INDEX, { total: 3, survived: [true, true, true, false, false] });
    await expect(restored.receive(other)).rejects.toThrow(expect.objectContaining({ code: 'PROTOCOL_STATE' }));
  });

  it('are not given before the state is saved, and nothing changes where saving fails', async () => {
    const round = await new Round(complete).until('input');
    const client = round.client('c0');
    const saves = round.saves.get('c0') as Saves;
    client.setInput(Round.input('c0'));
    saves.fail = true;
    const shares = round.sent.get('c0') as Uint8Array;
    await expect(client.receive(shares)).rejects.toThrow('disk full');
    expect(client.stage).toBe('shared');
    saves.fail = false;
    const answer = await client.receive(shares);
    expect(client.stage).toBe('masked');
    expect(await client.receive(shares)).toEqual(answer);
    await round.until('finished');
    expect(round.server.result().sums.update).toEqual(Round.sum(round.ids));
  });

  it('are forgotten once the server has gone on, and saved with the next state no more', async () => {
    for (const config of [complete, ring]) {
      const round = new Round(config);
      const asked = new Map<string, Uint8Array>();
      const answers = new Map<string, Uint8Array>();
      while (round.server.stage !== 'finished') {
        const { stage } = round.server;
        const request = round.sent.get('c0');
        await round.answer();
        const client = round.client('c0');
        const saves = round.saves.get('c0') as Saves;
        const state = openState(plainProvider, SEALING_KEY, 'client', roundConfigDigest(config), saves.last);
        const newest = round.answers.get('c0') as Uint8Array;
        const holds = (answer: Uint8Array) => hex(state).includes(hex(answer));
        expect(holds(newest)).toBe(true);
        for (const [earlier, answer] of answers) expect(holds(answer), earlier).toBe(earlier === 'advertise');
        answers.set(stage, newest);
        for (const [earlier, message] of asked) {
          const before = [client.stage, saves.last];
          const repeated = await client.receive(message).catch((error: unknown) => error);
          expect(repeated, earlier).toMatchObject({ code: 'PROTOCOL_STATE' });
          expect([client.stage, saves.last]).toEqual(before);
        }
        if (request) asked.set(stage, request);
        expect(await client.start()).toEqual(answers.get('advertise'));
        await round.deliver();
        round.sent = new Map(await round.server.advance());
      }
      expect(asked.size).toBeGreaterThan(2);
    }
  });

  it('are given once each to requests that come at the same time', async () => {
    const round = await new Round(complete).until('unmask');
    const client = round.client('c0');
    const other = encodeUnmaskRequest(complete, NO_INDEX, { total: 3, survived: [true, true, true, false, false] });
    const outcomes = await Promise.allSettled([
      client.receive(round.sent.get('c0') as Uint8Array),
      client.receive(other),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
  });
});

/** A place for one state that compares before it swaps, as a database's row does. */
function swapping() {
  let kept: Uint8Array | undefined;
  const digestOf = (bytes: Uint8Array | undefined) => bytes && hex(plainProvider.sha256(bytes));
  const persist: ClientSwap = {
    async compareAndSwap(sealed, previous) {
      if (digestOf(kept) !== (previous && hex(previous))) return false;
      kept = sealed.slice();
      return true;
    },
  };
  return { persist, restore: (id: string, rng: SecureRng) => restored(id, persist, kept as Uint8Array, rng) };
}

function restored(id: string, persist: ClientSwap, sealedState: Uint8Array, rng: SecureRng): SecAggClient {
  const { singleInstance: _alone, ...options } = clientOptions(complete, id, { persist, rng });
  return SecAggClient.restore({ ...options, sealedState });
}

describe('two instances of one state', () => {
  it.each(['share', 'input', 'unmask'])('give one answer where the store compares, in stage %s', async (stage) => {
    const { persist, restore } = swapping();
    const round = await new Round(complete, (id) => (id === 'c0' ? { persist } : {})).until(stage);
    const [one, other] = [restore('c0', testingRng('one')), restore('c0', testingRng('other'))];
    const message = round.sent.get('c0') as Uint8Array;
    for (const client of [one, other]) if (stage === 'input') client.setInput(Round.input('c0'));
    const outcomes = await Promise.allSettled([one.receive(message), other.receive(message)]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const [loser] = outcomes[0].status === 'rejected' ? [one] : [other];
    const again = expect.objectContaining({ code: 'PROTOCOL_STATE' });
    await expect(loser.receive(message)).rejects.toThrow(again);
    await expect(loser.abort()).rejects.toThrow(again);
    // Whoever starts again from what is kept gives the winner's answer.
    const winner = outcomes.find((outcome) => outcome.status === 'fulfilled');
    expect(await restore('c0', testingRng('third')).receive(message)).toEqual(winner?.value);
  });

  it("are the caller's to prevent where it does not, by name", () => {
    const { singleInstance: _alone, ...options } = clientOptions(complete, 'c0');
    expect(() => new SecAggClient(options)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringContaining('singleInstance') }),
    );
    expect(() => new SecAggClient({ ...options, persist: {} as ClientSwap })).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
  });

  it('tells the store what each save replaces, and where the client stands after it', async () => {
    const saves: { state: Uint8Array; previous: Uint8Array | undefined; progress: string }[] = [];
    const persist: ClientPersist = async (state, previous, progress) =>
      void saves.push({ state: state.slice(), previous: previous?.slice(), progress });
    await new Round(complete, (id) => (id === 'c0' ? { persist } : {})).until('finished');
    expect(saves.map(({ progress }) => progress)).toEqual(['open', 'open', 'masked', 'finished']);
    saves.forEach(({ previous }, i) => {
      expect(previous && hex(previous)).toBe(i === 0 ? undefined : hex(plainProvider.sha256(saves[i - 1].state)));
    });
  });
});

describe('sealed state', () => {
  it('opens under its key, for its client, kind and round alone', async () => {
    const round = await new Round(complete).until('share');
    const sealedState = (round.saves.get('c0') as Saves).last;
    const options = clientOptions(complete, 'c0');
    const refusal = expect.objectContaining({ code: 'AUTHENTICATION_FAILED' });
    const restore = (change: object) => () => SecAggClient.restore({ ...options, sealedState, ...change });
    expect(restore({})().stage).toBe('advertised');
    expect(restore({ sealingKey: new Uint8Array(32) })).toThrow(refusal);
    expect(restore({ config: { ...complete, round: 1 } })).toThrow(refusal);
    expect(restore({ id: 'c1' })).toThrow(refusal);
    for (const cut of [0, 31, 32, 47, 100])
      expect(restore({ sealedState: sealedState.subarray(0, cut) })).toThrow(refusal);
    const touched = sealedState.slice();
    touched[40] ^= 1;
    expect(restore({ sealedState: touched })).toThrow(refusal);
    expect(() =>
      SecAggServer.restore({ config: complete, sealingKey: SEALING_KEY, persist: async () => undefined, sealedState }),
    ).toThrow(refusal);
  });

  it('never repeats: two saves of one state differ', async () => {
    const [a, b] = [new Saves(), new Saves()];
    for (const saves of [a, b]) {
      await new SecAggClient(
        clientOptions(complete, 'c0', { persist: saves.persist, rng: testingRng(`${saves === a}`) }),
      ).start();
    }
    expect(hex(a.last)).not.toBe(hex(b.last));
  });
});

describe('a server', () => {
  it.each([
    ['complete', configOf({ clients: 6, threshold: 3, minimumClients: 3 }), 3],
    ['harary', ringOf(8, 6, 3), 4],
  ] as const)('in a %s graph goes on from every save', async (_, config, saved) => {
    const round = new Round(config);
    const saves = new Saves();
    const options = { config, persist: saves.persist, sealingKey: SEALING_KEY };
    let server = new SecAggServer(options);
    Object.assign(round, { server });
    const drop: Record<string, string> = { share: 'c1', input: 'c2', unmask: 'c3' };
    const silent: string[] = [];
    while (server.stage !== 'finished') {
      silent.push(drop[server.stage] ?? 'nobody');
      await round.answer(silent);
      await round.deliver();
      const messages = await server.advance();
      const sent = new Map(messages);
      expect(new Map(messages)).toEqual(sent);
      round.sent = sent;
      server = SecAggServer.restore({ ...options, sealedState: saves.last });
      Object.assign(round, { server });
    }
    expect(saves.all.length).toBe(saved + 1);
    expect(server.result().survivors).toEqual(round.ids.filter((id) => !['c1', 'c2'].includes(id)));
    expect(server.result().sums.update).toEqual(Round.sum(server.result().survivors));
  });

  it.each([
    ['complete', complete],
    ['harary', ring],
    ['acknowledged', ringOf(8, 6, 5, { mode: 'semi-malicious' })],
  ] as const)('that dies with all answers of a stage asks for them again: %s', async (_, config) => {
    const saves = new Saves();
    const options = { config, persist: saves.persist, sealingKey: SEALING_KEY };
    const round = new Round(config, undefined, new SecAggServer(options));
    let server = round.server;
    while (server.stage !== 'finished') {
      await round.answer();
      const lost = new Map(round.answers);
      if (saves.all.length > 0) server = SecAggServer.restore({ ...options, sealedState: saves.last });
      Object.assign(round, { server });
      await round.answer();
      expect(round.answers).toEqual(lost);
      await round.deliver();
      round.sent = new Map(await server.advance());
    }
    expect(server.result().sums.update).toEqual(Round.sum(round.ids));
  });

  it('seals by a key of its own, so that a caller may erase what it gave', async () => {
    const saves = new Saves();
    const round = new Round(complete);
    const sealingKey = SEALING_KEY.slice();
    const server = new SecAggServer({ config: complete, persist: saves.persist, sealingKey });
    sealingKey.fill(0);
    Object.assign(round, { server });
    await round.answer([]);
    await round.deliver();
    await server.advance();
    const restored = SecAggServer.restore({
      config: complete,
      persist: saves.persist,
      sealingKey: SEALING_KEY,
      sealedState: saves.last,
    });
    expect(restored.stage).toBe(server.stage);
  });

  it('does not move on where saving fails, even at the last step', async () => {
    const saves = new Saves();
    const round = new Round(complete);
    const server = new SecAggServer({ config: complete, persist: saves.persist, sealingKey: SEALING_KEY });
    Object.assign(round, { server });
    while (server.stage !== 'finished') {
      await round.answer();
      await round.deliver();
      const { stage } = server;
      saves.fail = true;
      await expect(server.advance()).rejects.toThrow('disk full');
      expect(server.stage).toBe(stage);
      saves.fail = false;
      round.sent = new Map(await server.advance());
    }
    expect(server.result().sums.update).toEqual(Round.sum(round.ids));
  });
});

describe('secrets', () => {
  it('are in no text of a client, whatever its stage', async () => {
    const round = new Round(complete);
    const seen: string[] = [];
    while (round.server.stage !== 'finished') {
      await round.step();
      for (const id of round.ids) {
        const client = round.client(id);
        seen.push(String(client), JSON.stringify(client), JSON.stringify(Object.entries(client)));
      }
    }
    // The streams tests draw from: every key, seed and part is a window of them.
    for (const id of round.ids) {
      const stream = hex(seededRng(`client ${id}`).fill(new Uint8Array(64)));
      for (const text of seen) expect(text).not.toContain(stream.slice(0, 16));
    }
    expect(new Set(seen)).toContain('SecAggClient c0, masked');
    expect(JSON.stringify(round.client('c0'))).toBe('{"id":"c0","stage":"unmasked","round":0}');
  });

  it('are overwritten once they are no longer needed', async () => {
    const drawn: Uint8Array[] = [];
    const rng = testingRng('watched');
    const fill = rng.fill.bind(rng);
    Object.assign(rng, {
      fill: <T extends Uint8Array>(bytes: T): T => {
        drawn.push(bytes);
        return fill(bytes);
      },
    });
    const round = new Round(complete, (id) => (id === 'c0' ? { rng } : {}));
    await round.until('share');
    const [channel, mask] = drawn;
    expect([channel, mask].every((secret) => secret.some((byte) => byte !== 0))).toBe(true);
    await round.until('input');
    expect(channel.every((byte) => byte === 0)).toBe(true);
    const seed = drawn.filter(({ length }) => length === 32)[3];
    await round.until('unmask');
    expect(mask.every((byte) => byte === 0)).toBe(true);
    expect(seed.every((byte) => byte === 0)).toBe(true);
  });

  it('are gone after an abort, by either side', async () => {
    const round = await new Round(complete).until('input');
    const stop = await round.server.abort();
    const client = round.client('c0');
    expect(await client.receive(stop.get('c0') as Uint8Array)).toBeUndefined();
    expect(client.stage).toBe('aborted');
    for (const act of [
      () => client.receive(round.sent.get('c0') as Uint8Array),
      () => client.start(),
      () => client.abort(),
      async () => client.setInput(Round.input('c0')),
    ]) {
      await expect(act()).rejects.toThrow(expect.objectContaining({ code: 'PROTOCOL_STATE' }));
    }
    const saves = round.saves.get('c0') as Saves;
    expect(SecAggClient.restore({ ...clientOptions(complete, 'c0'), sealedState: saves.last }).stage).toBe('aborted');
    await round.client('c1').abort();
    expect(round.client('c1').stage).toBe('aborted');
    await expect(new SecAggClient(clientOptions(complete, 'c9')).abort()).resolves.toBeInstanceOf(Uint8Array);
    await expect(round.server.advance()).rejects.toThrow(expect.objectContaining({ code: 'PROTOCOL_STATE' }));
  });
});
