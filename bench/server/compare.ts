// Two checkouts by turns: whoever goes first in one goes second in the next.
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { median } from '../shared/measure.ts';
import type { Setting, Usage } from './setting.ts';

/** Turns before the first that counts; of a ring's hundreds of clients one is enough. */
const WARM_UP = { version: 3, ring: 1 };
/**
 * Reports until V8 compiles next to nothing any more, for servers of small models: over the 420 after the first 60, compiling took 15 % of
 * the processor time, over 800 after the first 1200 6 %. Of a large model a report's arithmetic leaves nothing to see of it.
 */
const COMPILED = 500;
const SMALL = 500_000;

class Version {
  readonly #child: ChildProcess;
  readonly turns: Usage[] = [];

  constructor(root: string, setting: Setting) {
    this.#child = fork(join(root, `bench/server/${setting.by ?? 'version'}.ts`), ['drive', JSON.stringify(setting)], {
      cwd: root,
      execArgv: ['--import', 'tsx', '--conditions=@fedkit/source'],
    });
  }

  next<T>(): Promise<T> {
    return new Promise((resolve, reject) => {
      const early = () => reject(new Error('a version ended early'));
      this.#child.once('exit', early);
      this.#child.once('message', (message) => {
        this.#child.off('exit', early);
        resolve(message as T);
      });
    });
  }

  async turn(): Promise<void> {
    const answer = this.next<Usage>();
    this.#child.send('turn');
    this.turns.push(await answer);
  }

  end(): Promise<void> {
    return new Promise((resolve) => {
      this.#child.removeAllListeners('exit');
      this.#child.once('exit', () => resolve());
      this.#child.send('end');
    });
  }
}

/** What both took a report, and what they held at the end; ratios are this one's to the other's, of neighbouring turns. */
export interface Comparison {
  readonly turns: number;
  readonly now: Usage;
  readonly before: Usage;
  readonly ratio: number;
  readonly rssRatio: number;
}

export async function compare(root: string, other: string, setting: Setting, turns: number): Promise<Comparison> {
  const [now, before] = [new Version(root, setting), new Version(other, setting)];
  await Promise.all([now.next(), before.next()]);
  const warmUp = warmUpOf(setting);
  for (let turn = 0; turn < warmUp + turns; turn++) {
    for (const version of turn % 2 === 0 ? [before, now] : [now, before]) await version.turn();
  }
  const counted = (version: Version) => version.turns.slice(warmUp);
  const of = (version: Version): Usage => ({
    ...counted(version)[turns - 1],
    milliseconds: median(counted(version).map(({ milliseconds }) => milliseconds)),
    // What else the machine does comes on top: the least is nearest to what it is.
    stretch: Math.min(...counted(version).map(({ stretch }) => stretch)),
  });
  const ratio = median(counted(now).map(({ milliseconds }, i) => milliseconds / counted(before)[i].milliseconds));
  await Promise.all([now.end(), before.end()]);
  return { turns, now: of(now), before: of(before), ratio, rssRatio: of(now).rss / of(before).rss };
}

function warmUpOf({ by, parameters, cohort }: Setting): number {
  return by === undefined && parameters <= SMALL ? Math.ceil(COMPILED / cohort) : WARM_UP[by ?? 'version'];
}
