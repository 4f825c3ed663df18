/**
 * What tabs of examples/browser do on their main threads while they learn together, by Chromium's own trace.
 *
 * @module
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startCoordinator } from '../../examples/browser/coordinator.ts';
import { openBrowser } from '../../packages/core/test/browser/chromium.ts';

/** Tasks of one tab's main thread in which a script of its page ran, in milliseconds of that thread's own time. */
export interface TabTasks {
  readonly tab: string;
  readonly count: number;
  readonly total: number;
  readonly longest: number;
}

/** An event of the trace; times in microseconds. `tdur` is the thread's own time. */
interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly dur?: number;
  readonly tdur?: number;
  readonly args?: { readonly name?: string; readonly data?: { readonly url?: string } };
}

const TABS = 3;
const ROUNDS = 4;
const PATIENCE = 240_000;
const CATEGORIES = ['toplevel', 'devtools.timeline', 'disabled-by-default-devtools.timeline', 'v8', '__metadata'];
const TASK = /RunTask$/;
const SCRIPT = new Set([
  'EvaluateScript',
  'FunctionCall',
  'v8.evaluateModule',
  'v8.compileModule',
  'v8.compile',
  'TimerFire',
]);

/** Opens tabs, traces them from before they load until some rounds are published. */
export async function longestTasks(program: string): Promise<{ published: number; tabs: readonly TabTasks[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'fedkit-bench-tasks-'));
  const browser = await openBrowser(program);
  try {
    const coordinator = await startCoordinator({
      port: 0,
      folder,
      rounds: ROUNDS,
      pace: 250,
      patience: 20_000,
    });
    try {
      const published = () => coordinator.status().history.filter(({ outcome }) => outcome === 'published').length;
      const session = await browser.context.browser()?.newBrowserCDPSession();
      if (session === undefined) throw new Error('no session with the browser');
      const events: TraceEvent[] = [];
      session.on('Tracing.dataCollected', ({ value }) => void events.push(...(value as unknown as TraceEvent[])));
      await session.send('Tracing.start', {
        transferMode: 'ReportEvents',
        traceConfig: { includedCategories: CATEGORIES },
      });
      for (let i = 0; i < TABS; i++) await (await browser.context.newPage()).goto(coordinator.url);
      for (const end = Date.now() + PATIENCE; published() < ROUNDS; ) {
        if (Date.now() > end) throw new Error(`${published()} rounds within ${PATIENCE / 1000} s`);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      const complete = new Promise<void>((resolve) => session.once('Tracing.tracingComplete', () => resolve()));
      await session.send('Tracing.end');
      await complete;
      return { published: published(), tabs: tabsOf(events, coordinator.url) };
    } finally {
      await coordinator.close();
    }
  } finally {
    await browser.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The tasks of every main thread on which the page of `url` ran. */
function tabsOf(events: readonly TraceEvent[], url: string): TabTasks[] {
  const mains = events.filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain');
  const tabs: TabTasks[] = [];
  for (const { pid, tid } of mains) {
    const own = events.filter((event) => event.pid === pid && event.tid === tid && event.ph === 'X');
    if (!own.some(({ args }) => args?.data?.url?.startsWith(url))) continue;
    const tasks = own.filter(({ name, tdur }) => TASK.test(name) && tdur !== undefined).sort((a, b) => a.ts - b.ts);
    if (tasks.length === 0) throw new Error('Chromium traced no thread time');
    const scripts = own.filter(({ name }) => SCRIPT.has(name)).sort((a, b) => a.ts - b.ts);
    const times = tasks.filter((task) => holds(task, scripts)).map(({ tdur }) => (tdur as number) / 1000);
    const total = times.reduce((sum, time) => sum + time, 0);
    tabs.push({
      tab: `${tabs.length + 1}`,
      count: times.length,
      total,
      longest: times.reduce((a, b) => Math.max(a, b), 0),
    });
  }
  return tabs;
}

/** Whether one of `inner`, in the order of time, lies within a task. */
function holds({ ts, dur = 0 }: TraceEvent, inner: readonly TraceEvent[]): boolean {
  let [low, high] = [0, inner.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (inner[middle].ts < ts) low = middle + 1;
    else high = middle;
  }
  return low < inner.length && inner[low].ts < ts + dur;
}
