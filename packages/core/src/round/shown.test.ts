import { describe, expect, it } from 'vitest';
import { ask, contributionOf, join, report, SIZE, testClock, testServer } from '../../test/round/federation.ts';
import { fedBuff } from '../algorithm/fed-buff.ts';
import { plainUpdates } from '../pipeline/plain-updates.ts';
import { secureRng, seededRng } from '../random.ts';
import { iterate } from '../store/memory-store.ts';
import type { Store } from '../store/contract.ts';
import type { RoundTask } from '../protocol/message.ts';
import { federatedServer } from './server.ts';
import type { FederatedServer } from './server-options.ts';
import { turn } from '../turn.ts';

const CLIENTS = ['a', 'b', 'c'];
const INITIAL = Float32Array.of(1, 2, 3);

type Entries = Map<string, Uint8Array>;

/** A store over `entries` that calls `before` and `after` every write; writes take a turn of the event loop. */
function watched(entries: Entries, look: () => void = () => {}): Store {
  const write = async <T>(work: () => T): Promise<T> => {
    look();
    await turn();
    look();
    const done = work();
    look();
    return done;
  };
  return {
    get: async (key) => entries.get(key)?.slice(),
    put: (key, bytes) => write(() => void entries.set(key, bytes.slice())),
    create: (key, bytes) => write(() => !entries.has(key) && entries.set(key, bytes.slice()) !== undefined),
    delete: (key) => write(() => void entries.delete(key)),
    keys: (prefix) => iterate([...entries.keys()].filter((key) => key.startsWith(prefix))),
  };
}

/** What was shown at one moment, and what the store held. */
interface Sample {
  readonly entries: Entries;
  readonly shown: string;
}

/** What was shown next, once it was something else. */
const nextOf = (samples: readonly Sample[], i: number): string | undefined =>
  samples.slice(i).find(({ shown }) => shown !== samples[i].shown)?.shown;

const federations = {
  'with rounds': {
    open: (store: Store) => testServer({ store, history: 2, rounds: 4 }),
    play: async (server: FederatedServer<never>) => {
      for (let round = 1; round <= 4; round++) {
        const tasks = new Map<string, RoundTask>();
        for (const client of [...CLIENTS, ...CLIENTS]) {
          const task = await join(server as never, client);
          if (task) tasks.set(client, task);
        }
        for (const [client, task] of tasks) await report(server as never, client, task);
        await server.tick();
        if (round === 3) await server.rollBack(2);
      }
    },
  },
  'without rounds': {
    open: (store: Store) =>
      federatedServer({
        pipeline: plainUpdates({ algorithm: fedBuff({ bufferSize: 2 }), size: SIZE }),
        initial: INITIAL,
        store,
        cohort: 1,
        rounds: 4,
        clock: testClock(),
        rng: seededRng(5),
      }),
    play: async (server: FederatedServer<never>) => {
      const half = plainUpdates({ algorithm: fedBuff({ bufferSize: 2 }), size: SIZE }).client();
      for (let turn = 0; turn < 8; turn++) {
        const client = CLIENTS[turn % 3];
        const asked = await ask(server, client, { kind: 'join' });
        if (asked.kind !== 'task' || half.sends !== 'report') continue;
        const { task } = asked;
        const { bytes } = half.encode(task, contributionOf(client, task.round), { rng: secureRng(), client });
        await ask(server, client, { kind: 'report', ticket: task.ticket, bytes });
      }
    },
  },
};

describe.each(Object.keys(federations) as (keyof typeof federations)[])('a server %s', (kind) => {
  it('shows no model and no count that its store does not hold', async () => {
    const { open, play } = federations[kind];
    const entries: Entries = new Map();
    const samples: Sample[] = [];
    const answers: Sample[] = [];
    const asked: Promise<void>[] = [];
    const look = ({ progress, params }: FederatedServer<never>): string =>
      `${progress.published} published${kind === 'with rounds' ? `, ${params.join()}` : ''}`;
    const publicationOf = async (server: FederatedServer<never>): Promise<string> => {
      const answer = await ask(server, 'visitor', { kind: 'published' });
      if (answer.kind !== 'published') throw new Error(answer.kind);
      return `${answer.publication.round} ${answer.publication.modelDigest.join()}`;
    };
    let server: FederatedServer<never> | undefined;
    let early = 0;
    const watch = () => {
      if (!server) return;
      const { phase, published } = server.progress;
      if (phase === 'finished' && published < 4) early++;
      samples.push({ entries: new Map(entries), shown: look(server) });
      const answered = publicationOf(server);
      asked.push(answered.then((shown) => void answers.push({ entries: new Map(entries), shown })));
    };
    server = (await open(watched(entries, watch))) as never as FederatedServer<never>;
    await play(server);
    await Promise.all(asked);
    expect(server.progress.published).toBe(4);
    expect(early).toBe(0);
    expect(new Set(samples.map(({ shown }) => shown)).size).toBeGreaterThan(3);

    // Whoever opens the store as it was then finds the same, or what was shown next: a write comes before what is shown of it.
    for (const [list, shownBy] of [
      [samples, look],
      [answers, publicationOf],
    ] as const) {
      for (const [i, { entries: then, shown }] of list.entries()) {
        const next = (await open(watched(new Map(then)))) as never as FederatedServer<never>;
        expect([shown, nextOf(list, i) ?? (await shownBy(server))]).toContain(await shownBy(next));
        await next.close();
      }
    }
  });
});
