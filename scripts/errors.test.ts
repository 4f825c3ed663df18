// Every message of a FedkitError against the rules of docs/errors.md.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ERROR_CODES } from '../packages/core/src/errors.ts';

const root = join(import.meta.dirname, '..');

interface Message {
  readonly file: string;
  readonly text: string;
}

/** Literals that are handed to `new FedkitError`, on one line each; what an expression makes of them is not looked at. */
function messagesOf(file: string): Message[] {
  const source = readFileSync(join(root, file), 'utf8');
  return [
    ...source.matchAll(
      /new FedkitError\(\s*[^,]+,\s*(?:`((?:[^`\\]|\\.)*)`|'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")/gs,
    ),
  ].map(([, ...forms]) => ({ file, text: forms.find((form) => form !== undefined)?.replaceAll(/\s+/g, ' ') ?? '' }));
}

const files = execFileSync('git', ['ls-files', 'packages/*/src/*.ts', 'packages/*/src/**/*.ts'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file !== '' && !file.endsWith('.test.ts'));
const messages = [...new Set(files)].flatMap(messagesOf);

/** Another's words, or the caller's own signal, stand for what was expected. */
const PASSED_ON = /\$\{(?:\(?cause|error|text|faults)|aborted by the caller's signal/;

describe('messages of errors', () => {
  it('are found', () => {
    expect(messages.length).toBeGreaterThan(150);
  });

  it.each(messages)('$file: $text', ({ text }) => {
    if (!PASSED_ON.test(text)) expect(text).toMatch(/^[^ ].*: expected .+[,;] got .+/);
    expect(text).not.toMatch(/[.!?]$|please|sorry|oops|\binvalid\b|\bfailed to\b|\byou\b/i);
    expect(text.length).toBeLessThan(260);
  });
});

describe('docs/errors.md', () => {
  it('has a row for each code', () => {
    const page = readFileSync(join(root, 'docs/errors.md'), 'utf8');
    const rows = [...page.matchAll(/^\| `([A-Z_]+)`/gm)].map(([, code]) => code);
    expect(rows.toSorted()).toEqual([...ERROR_CODES].toSorted());
  });
});
