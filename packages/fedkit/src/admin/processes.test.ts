import { serve } from '@fedkit/core/transport/node';
import { prometheusTelemetry, statusHandler } from '@fedkit/core/telemetry';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { metricsOf, type ProcessConfig, statesOf } from './processes.ts';

const telemetry = prometheusTelemetry();
const readiness: { ready: boolean; reason?: string } = { ready: true };
const status = statusHandler({ server: { health: { healthy: true }, readiness }, metrics: telemetry });
let processes: readonly ProcessConfig[] = [];
let close = async (): Promise<void> => {};
beforeAll(async () => {
  telemetry.count('fedkit_tasks_total', 3, { task: 'fold', outcome: 'done' });
  telemetry.observe('fedkit_round', () => 7);
  const one = await serve(async (request) => status(request) ?? new Response(null, { status: 404 }));
  const nonsense = await serve(async () => new Response('<html>', { status: 200 }));
  processes = [
    { name: 'worker-1', url: one.url },
    { name: 'odd', url: nonsense.url },
    { name: 'gone', url: 'http://127.0.0.1:1' },
  ];
  close = async () => {
    await one.close();
    await nonsense.close();
  };
});
afterAll(() => close());

describe('other processes', () => {
  it('are ready, or not for a reason, or do not answer', async () => {
    expect(await statesOf(processes)).toEqual([
      { name: 'worker-1', ready: true },
      { name: 'odd', ready: false },
      { name: 'gone', ready: false, reason: 'no answer' },
    ]);
    Object.assign(readiness, { ready: false, reason: 'draining' });
    expect((await statesOf(processes))[0]).toEqual({ name: 'worker-1', ready: false, reason: 'draining' });
  });

  it('stand beside the server in one text, each metric once, told apart by a label', async () => {
    const own = prometheusTelemetry();
    own.count('fedkit_tasks_total', 1, { task: 'merge', outcome: 'done' });
    own.observe('fedkit_published', () => 2);
    const text = await metricsOf(own.text(), processes);
    expect(text.match(/^# TYPE fedkit_tasks_total /gm)).toHaveLength(1);
    expect(text).toMatch(/^fedkit_tasks_total\{process="coordinator",.*task="merge".*\} 1$/m);
    expect(text).toMatch(/^fedkit_tasks_total\{process="worker-1",.*task="fold".*\} 3$/m);
    expect(text).toContain('fedkit_published{process="coordinator"} 2');
    expect(text).toContain('fedkit_round{process="worker-1"} 7');
    // All samples of a metric stand together.
    const names = [...text.matchAll(/^(\w+)\{/gm)].map(([, name]) => name);
    expect(names.filter((name, i) => name !== names[i - 1])).toHaveLength(new Set(names).size);
    expect(text).not.toContain('html');
  });
});
