import { describe, expect, it } from 'vitest';
import { Pause } from './page/pause.ts';

const LONG = 600_000;

describe('a pause of a participant', () => {
  it('ends by itself', async () => {
    await new Pause().sleep(1);
  });

  it('is cut short, once', async () => {
    const pause = new Pause();
    let pauses = 0;
    const sleeper = (async () => {
      for (; pauses < 2; pauses++) await pause.sleep(LONG);
    })();
    pause.wake();
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(pauses).toBe(1);
    pause.wake();
    await sleeper;
  });

  it('is not slept where it was cut short before it began: what was said amid work is not lost', async () => {
    const pause = new Pause();
    pause.wake();
    pause.wake();
    await pause.sleep(LONG);
    let slept = true;
    const next = pause.sleep(LONG).then(() => (slept = false));
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(slept).toBe(true);
    pause.wake();
    await next;
  });
});
