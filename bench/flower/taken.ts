import { execFileSync } from 'node:child_process';

/** Of which commit, and when. */
export function taken(): { readonly commit: string; readonly date: string } {
  const commit = execFileSync('git', ['rev-parse', 'HEAD'], { cwd: import.meta.dirname, encoding: 'utf8' }).trim();
  return { commit, date: new Date().toISOString().slice(0, 10) };
}
