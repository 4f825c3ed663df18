// Odds of its processes: 1e-12. Two servers of one directory draw names that must differ, the shortest of 6 bytes; from one seed, both would
// draw the same. Nothing else that is asserted depends on what they draw.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fedAvg, plainUpdates, secureRng } from '@fedkit/core';
import { decodeResponse, encodeRequest, type Request, type RoundTask } from '@fedkit/core/protocol';
import { fetchExchange } from '@fedkit/core/transport/fetch';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { slowness } from '../../../core/test/slowness.ts';
import { Command, CONFIG, PASSWORD, serving } from '../../test/command.ts';

let directory: string;
let stores = 0;
const running: Command[] = [];
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'fedkit-serve-'));
});
afterEach(async () => {
  for (const command of running.splice(0)) {
    command.kill('SIGCONT');
    command.kill('SIGKILL');
    await command.end();
  }
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function started(place: string, ...options: string[]) {
  const command = serving(place, ...options);
  running.push(command);
  const { url, admin } = (await command.line('listening')) as unknown as { url: string; admin: string };
  const ask = (client: string, options: { attempts?: number } = {}) => {
    const headers = { authorization: `Bearer token of ${client}` };
    const exchange = fetchExchange({ url, headers, attempts: 1, timeout: 20_000, ...options });
    return async (request: Request) => decodeResponse(await exchange(encodeRequest(request)));
  };
  const api = (path: string, body?: object) =>
    fetch(admin + path, {
      headers: { authorization: `Bearer ${PASSWORD}`, 'content-type': 'application/json' },
      ...(body && { method: 'POST', body: JSON.stringify(body) }),
    });
  return { command, url, admin, ask, api };
}

const half = plainUpdates({ algorithm: fedAvg(), size: 3 }).client();
const reportOf = (client: string, task: RoundTask): Request => {
  if (half.sends !== 'report') throw new Error('a pipeline of reports');
  const contribution = { values: { update: Float32Array.of(1, 0, -1) }, weight: 1 };
  const { bytes } = half.encode(task, contribution, { rng: secureRng(), client });
  return { kind: 'report', ticket: task.ticket, bytes };
};

/** Both clients' tasks of the next round. */
async function invite({
  ask,
}: Pick<Awaited<ReturnType<typeof started>>, 'ask'>): Promise<Record<'a' | 'b', RoundTask>> {
  const tasks: Partial<Record<'a' | 'b', RoundTask>> = {};
  while (!tasks.a || !tasks.b) {
    for (const client of ['a', 'b'] as const) {
      const answer = await ask(client)({ kind: 'join' });
      if (answer.kind === 'task') tasks[client] = answer.task;
    }
  }
  return tasks as Record<'a' | 'b', RoundTask>;
}

const TIME = 120_000 * slowness();

describe.runIf(process.platform !== 'win32')('fedkit serve', () => {
  it(
    'with its flags hands a signal on, lets the round end, and goes on where it was',
    async () => {
      const place = join(directory, `${stores++}`);
      const first = await started(place);
      const tasks = await invite(first);
      expect(await first.ask('a')(reportOf('a', tasks.a))).toMatchObject({ kind: 'accepted' });
      first.command.kill('SIGTERM');
      await first.command.line('draining');
      expect((await fetch(`${first.admin}/ready`)).status).toBe(503);
      expect((await fetch(`${first.admin}/health`)).status).toBe(200);
      // The round that is under way may end.
      expect(await first.ask('b')(reportOf('b', tasks.b))).toMatchObject({ kind: 'accepted' });
      expect(await first.command.end()).toBe(0);
      expect(first.command.lines.find(({ kind }) => kind === 'closed')).toMatchObject({ ended: true });
      expect(first.command.lines.find(({ kind }) => kind === 'published')).toMatchObject({ record: { round: 1 } });

      const second = await started(place, '--no-flags');
      const state = (await (await second.api('/api/state')).json()) as { round: number; published: number };
      expect(state).toMatchObject({ round: 1, published: 1 });
      second.command.kill('SIGINT');
      expect(await second.command.end()).toBe(0);

      // And its directory can be looked after.
      const verify = new Command(['store', 'verify', place]);
      expect(await verify.end(), verify.errors).toBe(0);
      expect(verify.text).toMatch(/\d+ keys, \d+ KiB, 0 faults/);
    },
    TIME,
  );

  it(
    'stopped by SIGSTOP, has lost nothing that was acknowledged once another has taken over',
    async () => {
      const place = join(directory, `${stores++}`);
      const older = await started(place, '--no-flags');
      const tasks = await invite(older);
      expect(await older.ask('a')(reportOf('a', tasks.a))).toMatchObject({ kind: 'accepted' });
      // Asked, and then frozen: with luck in the midst of writing.
      const pending = older
        .ask('b')(reportOf('b', tasks.b))
        .catch(() => undefined);
      older.command.kill('SIGSTOP');
      const newer = await started(place, '--no-flags');
      const again = await newer.ask('b', { attempts: 6 })(reportOf('b', tasks.b));
      expect(again.kind).toBe('accepted');
      let published = 0;
      while (published < 1) ({ published } = (await (await newer.api('/api/state')).json()) as { published: number });
      // Woken, it finds that it has ended, by name, with whatever it writes next.
      older.command.kill('SIGCONT');
      const late = await pending;
      expect(['accepted', 'late', 'refused', undefined]).toContain(late?.kind);
      if (late?.kind === 'refused') expect(late.code).toBe('UNAVAILABLE');
      // Where nothing of b's report had reached it, it has nothing to write yet, and may still say "wait".
      const { child, lines } = older.command;
      while (child.exitCode === null && !lines.some(({ kind }) => kind === 'superseded')) {
        await older
          .ask('b')(reportOf('b', tasks.b))
          .catch(() => {});
      }
      await older.command.line('superseded');
      const refused = await older
        .ask('c')({ kind: 'join' })
        .catch(() => ({ kind: 'refused' }));
      expect(refused.kind).toBe('refused');
      expect(await older.command.end()).toBe(0);
      const records = (await (await newer.api('/api/records')).json()) as { round: number; contributors: string[] }[];
      expect(records.map(({ round, contributors }) => [round, contributors])).toEqual([[1, ['a', 'b']]]);
      const second = await invite(newer);
      for (const client of ['a', 'b'] as const) {
        expect((await newer.ask(client)(reportOf(client, second[client]))).kind).toBe('accepted');
      }
    },
    TIME,
  );

  it(
    'says in one line what is wrong with a configuration, and never a secret',
    async () => {
      const short = new Command(['serve', CONFIG, '--no-flags'], {
        FEDKIT_TEST_STORE: join(directory, `${stores++}`),
        FEDKIT_TEST_PASSWORD: 'hunter2',
      });
      running.push(short);
      expect(await short.end()).toBe(1);
      expect(short.errors).toContain('admin.password: expected at least 12 characters');
      expect(short.errors + short.text).not.toContain('hunter2');
      const none = new Command(['serve', 'none.ts', '--no-flags']);
      running.push(none);
      expect(await none.end()).toBe(1);
      expect(none.errors).toContain('no such file');
    },
    TIME,
  );
});
