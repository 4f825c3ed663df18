/**
 * A process and all that it started, by Linux's /proc: flwr's processes start sessions of their own, so that no group holds them.
 *
 * @module
 */
import { readdirSync, readFileSync } from 'node:fs';

/** A process at one moment. */
export interface Process {
  readonly pid: number;
  readonly parent: number;
  /** Processor time so far, in ticks of 10 ms. */
  readonly ticks: number;
  /** Resident pages of 4 KiB. */
  readonly pages: number;
}

/** Every process there is; none where there is no /proc. */
function processes(): Process[] {
  let names: string[];
  try {
    names = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
  return names.flatMap((name) => {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      // After the name in brackets: state, parent, …, user and system time at 11 and 12, resident pages at 21.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const ticks = Number(fields[11]) + Number(fields[12]);
      return [{ pid: Number(name), parent: Number(fields[1]), ticks, pages: Number(fields[21]) }];
    } catch {
      return []; // Ended meanwhile.
    }
  });
}

/** The process and its descendants. @param known - Pids that belong to it though their parents have ended. */
export function treeOf(leader: number, known: ReadonlySet<number> = new Set()): Process[] {
  const all = processes();
  const members = new Set([leader, ...known]);
  for (let before = -1; before !== members.size; ) {
    before = members.size;
    for (const { pid, parent } of all) if (members.has(parent)) members.add(pid);
  }
  return all.filter(({ pid }) => members.has(pid));
}

/** Whoever was started with this setting in its environment, also where its parents have ended since. */
export function startedWith(setting: string): number[] {
  return processes().flatMap(({ pid }) => {
    try {
      return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(setting) ? [pid] : [];
    } catch {
      return []; // Ended meanwhile, or another's.
    }
  });
}
