/**
 * Stories that were told to their end, on disk: an interrupted `--full` goes on with the first that was not.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EdgeSetting } from './setting.ts';
import type { Chapter } from './story.ts';

/** Stories by name. */
export type Stories = Readonly<Record<string, readonly Chapter[]>>;

/**
 * Tells the stories that are not there yet, one after the other.
 *
 * @param stories - What each changes in `setting`.
 * @param folder - Where they are kept. What was told of another setting is told again.
 * @param tell - Told a story from its beginning.
 * @throws Whatever `tell` throws; what was told before is kept.
 */
export async function tellMissing(
  stories: Readonly<Record<string, Partial<EdgeSetting>>>,
  setting: EdgeSetting,
  folder: string,
  tell: (name: string, own: EdgeSetting) => Promise<readonly Chapter[]>,
  say: (line: string) => void,
): Promise<Stories> {
  const path = join(folder, 'stories.json');
  const stored = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {};
  const told: Record<string, readonly Chapter[]> = {};
  for (const [name, change] of Object.entries(stories)) {
    const own = { ...setting, ...change };
    const key = createHash('sha256').update(JSON.stringify(own)).digest('hex');
    if (stored[key] === undefined) {
      stored[key] = await tell(name, own);
      mkdirSync(folder, { recursive: true });
      // Whole or not at all.
      writeFileSync(`${path}.new`, JSON.stringify(stored));
      renameSync(`${path}.new`, path);
    } else say(`${name}: told before`);
    told[name] = stored[key];
  }
  return told;
}
