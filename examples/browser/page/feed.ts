/**
 * Asks the coordinator how the run goes: often while something moves, seldom otherwise.
 *
 * @module
 */
import type { Status } from '../status.ts';

const LIVELY = 1000;
const CALM = 12_000;
/** After so long without a change nothing moves. */
export const STILL = 60_000;

/** What a feed tells. */
export interface FeedEvents {
  readonly onStatus: (status: Status) => void;
  /** The coordinator does not answer; asked again after so many milliseconds. */
  readonly onLost: (milliseconds: number) => void;
  readonly onIdle: (idle: boolean) => void;
}

/** Starts asking. @param still - After so many milliseconds without a change nothing moves. */
export function startFeed({ onStatus, onLost, onIdle }: FeedEvents, still: number): void {
  // Told apart from other tabs, by whoever counts how many are here.
  const tab = crypto.getRandomValues(new Uint32Array(2)).reduce((name, word) => name + word.toString(36), '');
  let last = '';
  let changed = performance.now();
  let idle = false;
  let failures = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function ask(): Promise<void> {
    let wait = LIVELY;
    let over = false;
    let enough = false;
    try {
      const response = await fetch(`/status?tab=${tab}`, { signal: AbortSignal.timeout(8000) });
      if (!response.ok) throw new Error(`status ${response.status}`);
      const status = (await response.json()) as Status;
      failures = 0;
      over = status.phase === 'finished' || status.phase === 'cancelled';
      enough = status.here >= status.least;
      // Time that passes is no change, nor are tabs that rest and are forgotten.
      const now = JSON.stringify({ ...status, remaining: 0, waiting: 0, here: 0 });
      if (now !== last) changed = performance.now();
      last = now;
      onStatus(status);
    } catch {
      failures++;
      wait = Math.min(LIVELY * 2 ** failures, 15_000);
      onLost(wait);
    }
    // With enough tabs for a round, whoever rests takes part again.
    const nowIdle = over || (!enough && performance.now() - changed > still);
    if (nowIdle !== idle) onIdle((idle = nowIdle));
    if (idle) wait = Math.max(wait, CALM);
    clearTimeout(timer);
    timer = setTimeout(() => void ask(), wait);
  }

  const wake = (): void => {
    if (document.hidden || (!idle && failures === 0)) return;
    changed = performance.now();
    clearTimeout(timer);
    void ask();
  };
  for (const event of ['visibilitychange', 'pointerdown', 'keydown']) document.addEventListener(event, wake);
  window.addEventListener('online', wake);
  window.addEventListener('offline', () => onLost(LIVELY));
  void ask();
}
