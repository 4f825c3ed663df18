/**
 * Asks the coordinator how the run goes: often while something moves, seldom otherwise.
 *
 * @module
 */
import type { Status } from '../status.ts';

const LIVELY = 1000;
const CALM = 20_000;
/** After so long without a change nothing moves. */
const STILL = 60_000;

/** What a feed tells. */
export interface FeedEvents {
  readonly onStatus: (status: Status) => void;
  /** The coordinator does not answer; asked again after so many milliseconds. */
  readonly onLost: (milliseconds: number) => void;
  readonly onIdle: (idle: boolean) => void;
}

/** Starts asking. */
export function startFeed({ onStatus, onLost, onIdle }: FeedEvents): void {
  let last = '';
  let changed = performance.now();
  let idle = false;
  let failures = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function ask(): Promise<void> {
    let wait = LIVELY;
    let over = false;
    try {
      const response = await fetch('/status', { signal: AbortSignal.timeout(8000) });
      if (!response.ok) throw new Error(`status ${response.status}`);
      const status = (await response.json()) as Status;
      failures = 0;
      over = status.phase === 'finished' || status.phase === 'cancelled';
      // Time that passes is no change.
      const now = JSON.stringify({ ...status, remaining: 0 });
      if (now !== last) changed = performance.now();
      last = now;
      onStatus(status);
    } catch {
      failures++;
      wait = Math.min(LIVELY * 2 ** failures, 15_000);
      onLost(wait);
    }
    const nowIdle = over || performance.now() - changed > STILL;
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
