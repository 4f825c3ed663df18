/**
 * Processor time and memory of a process and all that it started, from Linux's /proc.
 *
 * @module
 */
import { treeOf } from '../../packages/flower/test/flwr/process-tree.ts';

/** At one moment: seconds since 1970, seconds of processor time so far, bytes of memory now. */
export interface Sample {
  readonly at: number;
  readonly cpu: number;
  readonly memory: number;
}

/** Samples a process and all that it starts. */
export class Session {
  readonly samples: Sample[] = [];
  readonly #leader: number;
  /** Seconds of each process, also of those that ended. */
  readonly #cpu = new Map<number, number>();
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(leader: number) {
    this.#leader = leader;
    this.#timer = setInterval(() => this.#sample(), 100);
  }

  #sample(): void {
    let memory = 0;
    for (const { pid, ticks, pages } of treeOf(this.#leader, new Set(this.#cpu.keys()))) {
      this.#cpu.set(pid, ticks / 100);
      memory += pages * 4096;
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
