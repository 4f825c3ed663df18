/**
 * Two servers, and then three, on one store, as in a rolling restart that nobody waits for: each may be stopped between any two
 * calls of its store, by seed.
 *
 * @module
 */
import assert from 'node:assert/strict';
import type { RoundTask } from '../../src/protocol/message.ts';
import { type SeededRng, seededRng } from '../../src/random.ts';
import type { FederatedServer, ServerEvent } from '../../src/round/server-options.ts';
import type { FedAvgBroadcast } from '../../src/algorithm/fed-avg.ts';
import type { Store } from '../../src/store/contract.ts';
import { ask, expectedParams, reportOf, testClock, testServer } from './federation.ts';
import { turn } from '../../src/turn.ts';

const CLIENTS = ['a', 'b', 'c', 'd'];

/** `store` as one process sees it that is stopped now and then: before a call or after it, for up to `longest` turns. */
export function stoppingStore(store: Store, rng: SeededRng, longest: number): Store {
  const pause = async () => {
    for (let turns = rng.below(8) === 0 ? rng.below(longest) : rng.below(2); turns > 0; turns--) await turn();
  };
  const call = async <T>(work: () => Promise<T>): Promise<T> => {
    await pause();
    const result = await work();
    await pause();
    return result;
  };
  return {
    get: (key) => call(() => store.get(key)),
    put: (key, bytes) => {
      const own = bytes.slice();
      return call(() => store.put(key, own));
    },
    create: (key, bytes) => {
      const own = bytes.slice();
      return call(() => store.create(key, own));
    },
    delete: (key) => call(() => store.delete(key)),
    async *keys(prefix) {
      const keys: string[] = [];
      await call(async () => {
        for await (const key of store.keys(prefix)) keys.push(key);
      });
      yield* keys;
    },
  };
}

/** Runs one federation by `seed`, and holds the model and the records against who was acknowledged. @returns what happened. */
export async function twoServers(seed: string, disk: Store): Promise<{ superseded: number; acknowledged: number }> {
  const rng = seededRng(seed);
  const clock = testClock();
  const servers: FederatedServer<FedAvgBroadcast>[] = [];
  let superseded = 0;
  const onEvent = ({ kind }: ServerEvent) => {
    if (kind === 'superseded') superseded++;
  };
  const deadlines = { reporting: 4000, recruiting: 1000 };
  const open = async () => {
    const store = stoppingStore(disk, rng.fork(`store ${servers.length}`), 60);
    const own = rng.fork(`server ${servers.length}`);
    servers.push(await testServer({ store, clock, cohort: 3, minimum: 2, rounds: 3, deadlines, rng: own, onEvent }));
  };
  await open();
  const openings = [rng.below(25), 10 + rng.below(40)];
  let requests = 0;
  const acknowledged = new Map<string, number[]>(CLIENTS.map((client) => [client, []]));
  const over = () => servers.some(({ progress }) => progress.phase === 'finished');

  async function client(name: string): Promise<void> {
    let task: RoundTask | undefined;
    for (let tries = 0; tries < 400 && !(over() && task === undefined); tries++) {
      if (openings.length > 0 && requests++ >= openings[0]) {
        openings.shift();
        await open();
      }
      const server = servers[rng.below(3) === 0 ? rng.below(servers.length) : servers.length - 1];
      const response = await ask(
        server,
        name,
        task ? { kind: 'report', ticket: task.ticket, bytes: reportOf(name, task) } : { kind: 'join' },
      );
      if (response.kind === 'task') task = response.task;
      else if (response.kind === 'accepted') {
        acknowledged.get(name)?.push((task as RoundTask).round);
        task = undefined;
      } else if (response.kind === 'late' || response.kind === 'left') task = undefined;
      // A ticket that only a server which had ended knew of.
      else if (response.kind === 'refused' && response.code === 'INVALID_ARGUMENT') task = undefined;
      else if (response.kind === 'refused') assert.equal(response.code, 'UNAVAILABLE');
      await turn();
    }
  }
  let running = true;
  const ticking = (async () => {
    while (running) {
      clock.time += 100;
      await servers[servers.length - 1].tick().catch(() => {});
      await turn();
    }
  })();
  await Promise.all(CLIENTS.map(client));
  running = false;
  await ticking;
  for (const server of servers) await server.close();

  const server = await testServer({ store: disk, clock, rounds: 3 });
  const records = await server.records();
  assert.equal(server.progress.phase, 'finished');
  assert.equal(server.progress.published, 3);
  let params = Float32Array.of(1, 2, 3);
  for (const { round, outcome, contributors } of records) {
    const told = CLIENTS.filter((name) => acknowledged.get(name)?.includes(round));
    assert.deepEqual([...contributors].sort(), outcome === 'published' ? told : [], `round ${round} of ${seed}`);
    if (outcome === 'published') params = expectedParams(params, contributors, round) as typeof params;
  }
  assert.deepEqual(server.params, params);
  await server.close();
  return { superseded, acknowledged: [...acknowledged.values()].flat().length };
}
