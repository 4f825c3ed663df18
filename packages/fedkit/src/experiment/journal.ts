/**
 * Results of cells in a file, one a line: what is in it is not run again. A line that a kill cut short is taken out.
 *
 * @module
 */
import * as fs from 'node:fs';
import { join, resolve } from 'node:path';
import { FedkitError } from '@fedkit/core';
import { comparable, type CellResult } from './run-cell.ts';

/** One line. */
interface Line {
  readonly cell: string;
  readonly digest: string;
  readonly result: CellResult;
}

/** Results by cell. */
export interface Journal {
  /** Of the cell as it is written now; of one that was written otherwise there is none. */
  get(cell: string, digest: string): CellResult | undefined;
  /** On the disk when it returns. */
  put(cell: string, digest: string, result: CellResult): void;
  close(): void;
}

/**
 * Opens the journal of a directory, alone: while one process runs an experiment there, no other does.
 *
 * @param options.fresh - Forget what is there.
 * @throws FedkitError `PROTOCOL_STATE` while another process has it open; `DECODE_FAILED` for lines that are none of ours.
 */
export function openJournal(directory: string, { fresh = false }: { readonly fresh?: boolean } = {}): Journal {
  fs.mkdirSync(directory, { recursive: true });
  const [file, lock] = [join(directory, 'cells.jsonl'), resolve(directory, 'running')];
  take(lock);
  try {
    const results = new Map<string, Line>();
    const old = !fresh && fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '';
    const whole = old.slice(0, old.lastIndexOf('\n') + 1);
    for (const [i, text] of whole.split('\n').slice(0, -1).entries()) {
      const line = parsed(text);
      if (!line)
        throw new FedkitError('DECODE_FAILED', `${file}: line ${i + 1}: expected a cell's result, got other text`);
      results.set(line.cell, line);
    }
    if (whole.length < old.length || fresh) fs.writeFileSync(file, whole);
    const handle = fs.openSync(file, 'a');
    return {
      get(cell, digest) {
        const found = results.get(cell);
        return found?.digest === digest ? found.result : undefined;
      },
      put(cell, digest, result) {
        const line: Line = { cell, digest, result };
        results.set(cell, line);
        fs.writeSync(handle, `${JSON.stringify(line)}\n`);
        fs.fdatasyncSync(handle);
      },
      close() {
        fs.closeSync(handle);
        release(lock);
      },
    };
  } catch (error) {
    release(lock);
    throw error;
  }
}

/** What this process holds. */
const held = new Set<string>();

/** Only one process holds it; that of a process which is gone is taken over. */
function take(lock: string): void {
  for (let tries = 0; tries < 2; tries++) {
    try {
      fs.writeFileSync(lock, String(process.pid), { flag: 'wx' });
      held.add(lock);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = Number(fs.readFileSync(lock, 'utf8'));
    // In a container the process before this one had the same number.
    if (holder === process.pid ? held.has(lock) : alive(holder))
      throw new FedkitError('PROTOCOL_STATE', `${lock}: expected no other run here, got process ${holder}`);
    fs.rmSync(lock, { force: true });
  }
  throw new FedkitError('PROTOCOL_STATE', `${lock}: expected no other run here, got one that just began`);
}

function release(lock: string): void {
  held.delete(lock);
  fs.rmSync(lock, { force: true });
}

function alive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function parsed(text: string): Line | undefined {
  try {
    const line = JSON.parse(text) as Partial<Line>;
    const sound = typeof line.cell === 'string' && typeof line.digest === 'string' && Array.isArray(line.result?.curve);
    if (!sound) return undefined;
    const { result } = line as Line;
    const curve = result.curve.map((point) => ({ ...point, measures: comparable(point.measures) }));
    return { ...(line as Line), result: { ...result, curve } };
  } catch {
    return undefined;
  }
}
