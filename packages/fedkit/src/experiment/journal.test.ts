import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openJournal } from './journal.ts';

let directory: string;
beforeEach(() => {
  directory = fs.mkdtempSync(join(tmpdir(), 'fedkit-journal-'));
});
afterEach(() => fs.rmSync(directory, { recursive: true }));

const result = (round: number) => ({
  curve: [{ round, bytesUp: 1, bytesDown: 2, measures: { a: 0.5 } }],
  milliseconds: 3,
});
const file = () => join(directory, 'cells.jsonl');

it('keeps results by cell and digest, the last of a cell', () => {
  const first = openJournal(directory);
  first.put('a', 'x', result(1));
  first.put('b', 'x', result(2));
  first.put('a', 'y', result(3));
  first.close();
  const second = openJournal(directory);
  expect(second.get('b', 'x')).toEqual(result(2));
  expect(second.get('a', 'x')).toBeUndefined();
  expect(second.get('a', 'y')).toEqual(result(3));
  second.close();
  const fresh = openJournal(directory, { fresh: true });
  expect(fresh.get('b', 'x')).toBeUndefined();
  fresh.close();
  expect(fs.readFileSync(file(), 'utf8')).toBe('');
});

it('goes on wherever a kill cut the last line', () => {
  const whole = openJournal(directory);
  whole.put('a', 'x', result(1));
  whole.put('b', 'x', result(2));
  whole.close();
  const text = fs.readFileSync(file(), 'utf8');
  const firstLine = text.indexOf('\n') + 1;
  for (let cut = firstLine; cut < text.length; cut++) {
    fs.writeFileSync(file(), text.slice(0, cut));
    const journal = openJournal(directory);
    expect(journal.get('a', 'x')).toEqual(result(1));
    expect(journal.get('b', 'x')).toBeUndefined();
    journal.put('b', 'x', result(2));
    journal.close();
    expect(fs.readFileSync(file(), 'utf8')).toBe(text);
  }
});

it('refuses lines that are none of its own, and a second run beside the first', () => {
  fs.writeFileSync(file(), 'something else\n');
  expect(() => openJournal(directory)).toThrow('line 1: expected a cell');
  fs.rmSync(file());
  const open = openJournal(directory);
  expect(() => openJournal(directory)).toThrow(expect.objectContaining({ code: 'PROTOCOL_STATE' }));
  open.close();
  // Of a process that is gone: no process has this number.
  fs.writeFileSync(join(directory, 'running'), String(2 ** 30));
  openJournal(directory).close();
  // Of a process before this one that had its number, as in a container.
  fs.writeFileSync(join(directory, 'running'), String(process.pid));
  openJournal(directory).close();
});
