// What a command has measured waits in the system's temporary folder, so that one that was cut off goes on: on busy machines it has to.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from './checkout.ts';

/** Does a step, or has it from an earlier run. What it comes to is plain data. */
export type Step = <T>(key: string, work: () => Promise<T>) => Promise<T>;

/** Every step anew. */
export const afresh: Step = (_key, work) => work();

/** Of one command, on sources that are what they were: folders from the root of the repository. */
export function resumed(name: string, ...sources: string[]): { readonly step: Step; end(): void } {
  const git = (...words: string[]) =>
    execFileSync('git', [...words, '--', ...sources], { cwd: ROOT, maxBuffer: 2 ** 26 });
  const hash = createHash('sha256').update(git('ls-files', '-s')).update(git('diff')).digest('hex');
  const file = join(tmpdir(), `fedkit-${name}-${hash.slice(0, 12)}.json`);
  const done = read(file);
  return {
    async step<T>(key: string, work: () => Promise<T>): Promise<T> {
      if (!(key in done)) {
        done[key] = await work();
        writeFileSync(file, JSON.stringify(done));
      }
      return done[key] as T;
    },
    end: () => rmSync(file, { force: true }),
  };
}

function read(file: string): Record<string, unknown> {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  } catch {
    return {};
  }
}
