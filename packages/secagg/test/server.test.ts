// Invariants of the server's stages: what it takes, from whom, and when it moves on.
import { describe, expect, it } from 'vitest';
import { SecAggClient, SecAggServer, type ServerProgress } from '../src/index.ts';
import { HEADER_BYTES } from '../src/messages/header.ts';
import { Round, clientOptions, configOf, ringOf } from './harness.ts';

const config = configOf({ clients: 5, threshold: 3, minimumClients: 4 });
const refusal = (code: string) => expect.objectContaining({ code });

describe('each stage', () => {
  it('needs enough answers, and moves on once they are there', async () => {
    for (const [stage, few] of [
      ['advertise', 3],
      ['share', 3],
      ['input', 3],
      ['unmask', 2],
    ] as const) {
      const round = await new Round(config).until(stage);
      await round.answer();
      const ids = [...round.answers.keys()];
      for (const id of ids.slice(0, few)) await round.server.receive(id, round.answers.get(id) as Uint8Array);
      await expect(round.server.advance()).rejects.toThrow(refusal('THRESHOLD_NOT_MET'));
      expect(round.server.stage).toBe(stage);
      expect(round.server.ready).toBe(false);
      await round.server.receive(ids[few], round.answers.get(ids[few]) as Uint8Array);
      expect(round.server.ready).toBe(true);
      await round.server.advance();
      expect(round.server.stage).not.toBe(stage);
    }
  });

  it('takes only its own message, only from its clients, only with their place', async () => {
    const rounds = [
      await new Round(config).until('advertise'),
      await new Round(config).until('share'),
      await new Round(config).until('input'),
      await new Round(config).until('unmask'),
    ];
    const messages = [];
    for (const round of rounds) messages.push((await round.answer()).get('c0') as Uint8Array);
    for (const [at, round] of rounds.entries()) {
      for (const [type, message] of messages.entries()) {
        if (type === at) continue;
        // Its own earlier message again is known and changes nothing; any other is out of turn.
        if (type < at) await round.server.receive('c0', message);
        else await expect(round.server.receive('c0', message)).rejects.toThrow(refusal('PROTOCOL_STATE'));
      }
      if (at === 0) continue;
      await expect(round.server.receive('c1', messages[at])).rejects.toThrow(refusal('AUTHENTICATION_FAILED'));
      await expect(round.server.receive('stranger', messages[at])).rejects.toThrow(refusal('PROTOCOL_STATE'));
    }
  });

  it('takes one message from a client', async () => {
    const round = new Round(config);
    const client = round.client('c0');
    const first = await client.start();
    await round.server.receive('c0', first);
    const second = await new SecAggClient(
      clientOptions(config, 'c0', {
        rng: round.client('c1') && (await import('../src/testing/index.ts')).testingRng('x'),
      }),
    ).start();
    await expect(round.server.receive('c0', second)).rejects.toThrow(refusal('PROTOCOL_STATE'));
    await round.server.receive('c0', first);
  });

  it('has no place for one client too many', async () => {
    const round = new Round(config);
    await round.answer();
    await round.deliver();
    const late = await new SecAggClient(clientOptions(config, 'c5')).start();
    await expect(round.server.receive('c5', late)).rejects.toThrow(refusal('PROTOCOL_STATE'));
  });

  it('refuses everything once it has finished', async () => {
    const round = await new Round(config).until('finished');
    await expect(round.server.advance()).rejects.toThrow(refusal('PROTOCOL_STATE'));
    const other = (round.answers.get('c0') as Uint8Array).slice();
    other[HEADER_BYTES] ^= 1;
    await expect(round.server.receive('c0', other)).rejects.toThrow(refusal('PROTOCOL_STATE'));
    await expect(round.server.receive('c9', other)).rejects.toThrow(refusal('PROTOCOL_STATE'));
  });

  it('gives no result before', async () => {
    const round = await new Round(config).until('unmask');
    expect(() => round.server.result()).toThrow(refusal('PROTOCOL_STATE'));
  });
});

describe('a response', () => {
  it('to another request is refused', async () => {
    const round = await new Round(config).until('unmask');
    const answer = ((await round.answer()).get('c0') as Uint8Array).slice();
    answer[HEADER_BYTES] ^= 1;
    await expect(round.server.receive('c0', answer)).rejects.toThrow(refusal('AUTHENTICATION_FAILED'));
  });

  it('with an element that is not below p is refused', async () => {
    const round = await new Round(config).until('unmask');
    const answer = ((await round.answer()).get('c0') as Uint8Array).slice();
    answer.fill(0xff, HEADER_BYTES + 37, HEADER_BYTES + 41);
    await expect(round.server.receive('c0', answer)).rejects.toThrow(refusal('DECODE_FAILED'));
    await round.until('finished');
    expect(round.server.result().sums.update).toEqual(Round.sum(round.ids));
  });
});

describe('a stranger', () => {
  it.each([
    ['complete', config],
    ['harary', ringOf(8, 4, 2)],
  ] as const)('is refused whatever it sends, in every stage but the first: %s', async (_, of) => {
    const round = new Round(of);
    const stranger = new SecAggClient(clientOptions(of, 'stranger'));
    const abort = await new SecAggClient(clientOptions(of, 'other')).abort();
    while (round.server.stage !== 'finished') {
      await expect(round.server.receive('stranger', abort)).rejects.toThrow(refusal('PROTOCOL_STATE'));
      round.server.leave('stranger');
      await round.step();
      await expect(round.server.receive('stranger', await stranger.start())).rejects.toThrow(refusal('PROTOCOL_STATE'));
      for (const answer of round.answers.values()) {
        await expect(round.server.receive('stranger', answer)).rejects.toThrow(refusal('PROTOCOL_STATE'));
      }
    }
    expect(round.server.result().sums.update).toEqual(Round.sum(round.ids));
  });

  it('cannot end the round of another', async () => {
    const round = await new Round(config).until('input');
    const abort = await round.client('c1').abort();
    await expect(round.server.receive('c0', abort)).rejects.toThrow(refusal('AUTHENTICATION_FAILED'));
    expect(round.server.waitingFor).toContain('c0');
    await round.server.receive('c1', abort);
    expect(round.server.waitingFor).not.toContain('c1');
  });
});

describe('progress', () => {
  it('counts messages by stage and masks at the end', async () => {
    const events: ServerProgress[] = [];
    const server = new SecAggServer({ config, onProgress: (event) => events.push(event) });
    const round = new Round(config, undefined, server);
    await round.until('input');
    await round.step(['c4']);
    await round.until('finished', ['c4']);
    expect(events.filter(({ stage }) => stage === 'share').map(({ done, total }) => `${done}/${total}`)).toEqual([
      '1/5',
      '2/5',
      '3/5',
      '4/5',
      '5/5',
    ]);
    // Four self masks, and four pair masks of the one that dropped.
    const masks = events.filter(({ kind }) => kind === 'masks');
    expect(masks.map(({ done, total }) => `${done}/${total}`)).toEqual(['4/8', '8/8']);
  });
});

describe('a listener', () => {
  it.each([
    [
      'throws',
      () => {
        throw new Error('of the listener');
      },
    ],
    ['rejects', (): unknown => Promise.reject(new Error('of the listener'))],
  ])('that %s changes nothing', async (_, onProgress) => {
    const round = new Round(config, undefined, new SecAggServer({ config, onProgress }));
    await round.until('finished');
    expect(round.server.stage).toBe('finished');
  });
});

describe('an executor', () => {
  it('that fails leaves the round as it was', async () => {
    const { inlineExecutor } = await import('../src/index.ts');
    const inline = inlineExecutor();
    let fail = true;
    let calls = 0;
    const executor = {
      concurrency: 2,
      run: async (task: Parameters<typeof inline.run>[0]) => {
        if (fail && ++calls === 2) throw new Error('worker lost');
        return inline.run(task);
      },
    };
    const round = new Round(config, undefined, new SecAggServer({ config, executor }));
    await round.until('input');
    await round.step(['c4']);
    await round.answer(['c4']);
    await round.deliver();
    await expect(round.server.advance()).rejects.toThrow('worker lost');
    expect(round.server.stage).toBe('unmask');
    fail = false;
    await round.server.advance();
    expect(round.server.result().sums.update).toEqual(Round.sum(['c0', 'c1', 'c2', 'c3']));
  });
});

describe('messages of a stage', () => {
  it('are made when read, and the same each time', async () => {
    const round = new Round(ringOf(8, 4, 2));
    await round.answer();
    await round.deliver();
    const outbox = await round.server.advance();
    expect(outbox.size).toBe(8);
    expect([...outbox.keys()]).toEqual(round.ids);
    expect(outbox.get('nobody')).toBeUndefined();
    const read = new Map<string, Uint8Array>();
    outbox.forEach((message, id) => read.set(id, message));
    expect(read).toEqual(new Map(outbox));
    expect([...outbox.values()]).toEqual([...read.values()]);
    // Later stages do not change what an earlier one sends.
    round.sent = read;
    await round.until('input');
    expect(new Map(outbox)).toEqual(read);
  });
});
