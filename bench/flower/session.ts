/**
 * Processor time and memory of a process and all that it started, from Linux's /proc.
 *
 * @module
 */
import { readdirSync, readFileSync } from 'node:fs';

/** At one moment: seconds since 1970, seconds of processor time so far, bytes of memory now. */
export interface Sample {
  readonly at: number;
  readonly cpu: number;
  readonly memory: number;
}

/** Linux's own ticks and pages. */
const TICKS = 100;
const PAGE = 4096;

/** Samples the session that a process leads: what it starts stays in it. */
export class Session {
  readonly samples: Sample[] = [];
  readonly #leader: number;
  /** Of processes that ended too: their parents may not have waited for them. */
  readonly #cpu = new Map<number, number>();
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(leader: number) {
    this.#leader = leader;
    this.#timer = setInterval(() => this.#sample(), 100);
  }

  #sample(): void {
    let memory = 0;
    for (const name of readdirSync('/proc')) {
      if (!/^\d+$/.test(name)) continue;
      let stat: string;
      try {
        stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      } catch {
        continue;
      }
      // After the name in brackets: state, parent, group, session, …, user and system time at 11 and 12, pages at 21.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      if (Number(fields[3]) !== this.#leader) continue;
      this.#cpu.set(Number(name), (Number(fields[11]) + Number(fields[12])) / TICKS);
      memory += Number(fields[21]) * PAGE;
    }
    const cpu = [...this.#cpu.values()].reduce((sum, seconds) => sum + seconds, 0);
    this.samples.push({ at: Date.now() / 1000, cpu, memory });
  }

  /** Between two moments: processor time spent, and the most memory. */
  between(from: number, to: number): { readonly cpu: number; readonly memory: number } {
    const within = this.samples.filter(({ at }) => at >= from && at <= to);
    const [first, last] = [within[0], within.at(-1)];
    if (first === undefined || last === undefined) throw new Error('no samples');
    return { cpu: last.cpu - first.cpu, memory: Math.max(...within.map(({ memory }) => memory)) };
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
