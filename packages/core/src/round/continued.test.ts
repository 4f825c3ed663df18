import { describe, expect, it } from 'vitest';
import {
  expectedParams,
  join,
  plain,
  report,
  SIZE,
  testClock,
  testServer,
  type TestServer,
} from '../../test/round/federation.ts';
import { fedAdam } from '../algorithm/fed-adam.ts';
import { fedBuff } from '../algorithm/fed-buff.ts';
import { plainUpdates } from '../pipeline/plain-updates.ts';
import type { RoundTask } from '../protocol/message.ts';
import { seededRng } from '../random.ts';
import { memoryStore } from '../store/memory-store.ts';
import { federatedServer } from './server.ts';
import type { Published } from './server-options.ts';

const CLIENTS = ['a', 'b', 'c', 'd'];
const START = Float32Array.of(1, 2, 3);

/** Plays a round with whoever is drawn; who they were. */
async function playRound(server: TestServer, clients = CLIENTS): Promise<string[]> {
  for (const client of clients) await join(server, client);
  await server.tick();
  const drawn: string[] = [];
  for (const client of clients) {
    const task = await join(server, client);
    if (task === undefined) continue;
    drawn.push(client);
    await report(server, client, task);
  }
  await server.tick();
  return drawn;
}

describe('a finished run', () => {
  it('goes on where it is told to run more rounds, of another cohort', async () => {
    const options = { store: memoryStore(), clock: testClock() };
    const first = await testServer({ ...options, rounds: 1 });
    const drawn = await playRound(first);
    expect(first.progress.phase).toBe('finished');
    await first.close();
    const same = await testServer({ ...options, rounds: 1 });
    expect(same.progress.phase).toBe('finished');
    await same.close();

    const more = await testServer({ ...options, rounds: 3, cohort: 4 });
    expect(more.progress).toMatchObject({ phase: 'waiting', published: 1 });
    expect(more.run).toEqual(first.run);
    expect(await playRound(more)).toEqual(CLIENTS);
    await playRound(more);
    expect(more.progress).toMatchObject({ phase: 'finished', published: 3 });
    let params = expectedParams(START, drawn, 1);
    for (const round of [2, 3]) params = expectedParams(params, CLIENTS, round);
    expect(more.params).toEqual(params);
    await more.close();
    // The log of the longer run is read again by a server of whatever options.
    const again = await testServer({ ...options, rounds: 2 });
    expect(again.progress).toMatchObject({ phase: 'finished', published: 3 });
    await again.close();
  });

  it('goes on killed and opened anew, and ends where it has enough', async () => {
    const options = { store: memoryStore(), clock: testClock() };
    await (
      await testServer({ ...options, rounds: 1 }).then(async (server) => (await playRound(server), server))
    ).close();
    const more = await testServer({ ...options, rounds: 9 });
    for (const client of CLIENTS.slice(0, 3)) await join(more, client);
    const task = (await join(more, 'a')) as RoundTask | undefined;
    if (task) await report(more, 'a', task);
    // Not closed: its successor reads what it had stored.
    const next = await testServer({ ...options, rounds: 9 });
    await playRound(next, CLIENTS.slice(0, 3));
    expect(next.progress).toMatchObject({ phase: 'waiting', published: 2 });
    await next.close();
    const enough = await testServer({ ...options, rounds: 2 });
    expect(enough.progress).toMatchObject({ phase: 'finished', published: 2 });
    await enough.close();
    const after = await testServer({ ...options, rounds: 3 });
    expect(after.progress.phase).toBe('waiting');
    await after.close();
  });

  it('stays finished where something else than its rounds ended it', async () => {
    const options = { store: memoryStore(), clock: testClock() };
    const server = await testServer({ ...options, rounds: 5, until: () => true });
    await playRound(server);
    expect(server.progress).toMatchObject({ phase: 'finished', published: 1 });
    await server.close();
    const next = await testServer({ ...options, rounds: 9 });
    expect(next.progress.phase).toBe('finished');
    await next.close();
  });

  it('is not taken for a new run of another first model', async () => {
    const options = { store: memoryStore(), clock: testClock() };
    const server = await testServer({ ...options, rounds: 1 });
    await playRound(server);
    await server.close();
    await expect(testServer({ ...options, rounds: 2, initial: new Float32Array(SIZE) })).rejects.toThrow(
      'federatedServer: initial: expected the first model of the stored run, which is finished: an empty store for another run, got',
    );
    await (await testServer({ ...options, rounds: 2 })).close();
  });

  it('goes on without rounds too', async () => {
    const pipeline = plainUpdates({
      algorithm: fedBuff({ bufferSize: 2, staleness: { kind: 'constant' } }),
      size: SIZE,
    });
    const options = {
      pipeline,
      initial: START,
      store: memoryStore(),
      cohort: 2,
      clock: testClock(),
      rng: seededRng(1),
    };
    const step = async (server: Awaited<ReturnType<typeof federatedServer>>) => {
      for (const client of ['a', 'b']) {
        const task = (await join(server as never, client)) as RoundTask;
        await report(server as never, client, task);
      }
    };
    const first = await federatedServer({ ...options, rounds: 1 });
    await step(first);
    expect(first.progress.phase).toBe('finished');
    await first.close();
    const more = await federatedServer({ ...options, rounds: 2 });
    expect(more.progress.phase).not.toBe('finished');
    await step(more);
    expect(more.progress).toMatchObject({ phase: 'finished', published: 2 });
    await more.close();
    await expect(federatedServer({ ...options, rounds: 3, initial: new Float32Array(SIZE) })).rejects.toThrow(
      'federatedServer: initial: expected the first model of the stored run, which is finished: an empty store for another run, got',
    );
    // Refused before anything was changed.
    const again = await federatedServer({ ...options, rounds: 3 });
    expect(again.progress).toMatchObject({ published: 2 });
    await again.close();
  });
});

describe('startFrom', () => {
  const adam = (options: object = {}) =>
    plainUpdates({ algorithm: fedAdam({ learningRate: 0.1 }), size: SIZE, ...options });
  const open = (options: object) =>
    testServer({ clock: testClock(), initial: START, ...options } as never) as unknown as Promise<TestServer>;

  it('begins with the optimizer of another run, also under another pipeline', async () => {
    const one = await open({ pipeline: adam(), rounds: 4 });
    for (let round = 0; round < 2; round++) await playRound(one, ['a', 'b', 'c']);
    const { state } = one;
    await playRound(one, ['a', 'b', 'c']);
    // Another pipeline: it insists on two. Its rounds begin at 1, so that the third round's reports are given to it by hand.
    const two = await open({ pipeline: adam({ minimumContributors: 2 }), startFrom: state, rounds: 1 });
    expect(two.params).toEqual(adam().algorithm.params(state as never));
    expect(two.state).toEqual(state);
    expect((state as unknown as { optimizer: object }).optimizer).not.toEqual({});
    await one.close();
    await two.close();
  });

  it('refuses by name what is no state of the algorithm', async () => {
    const { algorithm } = adam();
    const good = algorithm.init(START);
    const refused = (startFrom: unknown, message: RegExp) =>
      expect(open({ pipeline: adam(), startFrom })).rejects.toThrow(message);
    await refused({ ...good, params: new Float32Array(2) }, /startFrom.params: expected 3 values, got 2/);
    await refused({ params: START }, /startFrom.optimizer/);
    await refused({ ...good, more: 1 }, /startFrom.more: expected nothing/);
    await refused(START, /startFrom: expected the algorithm's state/);
    const asynchronous = plainUpdates({
      algorithm: fedBuff({ bufferSize: 2, staleness: { kind: 'constant' } }),
      size: SIZE,
    });
    await expect(open({ pipeline: asynchronous, startFrom: good })).rejects.toThrow(/startFrom: expected none/);
  });
});

describe('onPublish', () => {
  it('is told of every model, and its faults are told', async () => {
    const told: Published[] = [];
    const failures: unknown[] = [];
    const server = await testServer({
      clock: testClock(),
      pipeline: plain(),
      rounds: 3,
      onPublish(published) {
        told.push(published);
        if (told.length === 2) throw new Error('disk full');
      },
      onEvent: (event) => event.kind === 'failed' && failures.push(event.error),
    });
    const models: Float32Array[] = [];
    for (let round = 1; round <= 3; round++) {
      await playRound(server, ['a', 'b', 'c']);
      models.push(server.params.slice());
    }
    expect(told.map(({ record }) => record.round)).toEqual([1, 2, 3]);
    expect(told.map(({ params }) => params)).toEqual(models);
    expect(failures).toEqual([new Error('disk full')]);
    told[2].params.fill(0);
    expect(server.params).toEqual(models[2]);
    await server.close();
    await expect(testServer({ onPublish: 5 as never })).rejects.toThrow(/onPublish: expected a function, got 5/);
  });
});
