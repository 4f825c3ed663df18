/**
 * The little of a file system that a store of files needs.
 *
 * @module
 */
import { joined } from '../bytes.ts';
import { refuse } from '../check.ts';

/** An open file. */
export interface OpenFile {
  write(bytes: Uint8Array, offset: number, length: number, position: number): Promise<{ bytesWritten: number }>;
  /** All of the pieces, one after another, where it is there. */
  writev?(pieces: readonly Uint8Array[], position: number): Promise<{ bytesWritten: number }>;
  read(bytes: Uint8Array, offset: number, length: number, position: number): Promise<{ bytesRead: number }>;
  stat(): Promise<{ size: number; mtimeMs: number }>;
  /** Returns once the bytes are on the medium. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** The functions of `node:fs/promises` that are used: that module itself, or any that behaves like it. */
export interface FileSystem {
  mkdir(path: string, options: { recursive: true }): Promise<unknown>;
  open(path: string, flags: string): Promise<OpenFile>;
  readdir(path: string): Promise<string[]>;
  rename(from: string, to: string): Promise<void>;
  /** A second name for a file; fails with `EEXIST` where the name is taken. */
  link(existing: string, path: string): Promise<void>;
  unlink(path: string): Promise<void>;
  /** Removes an empty directory, where it is there: without it empty ones of processes that died stay. */
  rmdir?(path: string): Promise<void>;
}

/** Node reads and writes less than 2 GiB a call. */
const PIECE = 2 ** 26;

/** Pieces below this are joined with their neighbours: copying them costs less than another call. */
const SHORT = 2 ** 14;

/** A new file of these pieces, on the medium. */
export async function writeFile(fs: FileSystem, path: string, pieces: readonly Uint8Array[]): Promise<void> {
  const file = await fs.open(path, 'wx');
  try {
    await writeAll(file, pieces);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Writes pieces one after another. */
export async function writeAll(file: OpenFile, pieces: readonly Uint8Array[]): Promise<void> {
  const total = pieces.reduce((sum, { length }) => sum + length, 0);
  if (file.writev !== undefined && pieces.length > 1 && total <= PIECE) {
    // Short of space it may write less: then the rest is written again, or fails with the reason.
    if ((await file.writev(pieces, 0)).bytesWritten === total) return;
  }
  let at = 0;
  for (const bytes of file.writev === undefined ? runs(pieces) : pieces) {
    for (let done = 0; done < bytes.length; ) {
      done += (await file.write(bytes, done, Math.min(PIECE, bytes.length - done), at + done)).bytesWritten;
    }
    at += bytes.length;
  }
}

/** The same bytes in fewer pieces. */
function runs(pieces: readonly Uint8Array[]): Uint8Array[] {
  const out: Uint8Array[] = [];
  let short: Uint8Array[] = [];
  const flush = (): void => {
    if (short.length > 0) out.push(joined(short));
    short = [];
  };
  for (const piece of pieces) {
    if (piece.length >= SHORT) flush();
    if (piece.length >= SHORT) out.push(piece);
    else short.push(piece);
  }
  flush();
  return out;
}

export async function readAll(file: OpenFile): Promise<Uint8Array> {
  const bytes = new Uint8Array((await file.stat()).size);
  for (let at = 0; at < bytes.length; ) {
    const { bytesRead } = await file.read(bytes, at, Math.min(PIECE, bytes.length - at), at);
    // Files are replaced, never written again: only another program cuts one short.
    if (bytesRead === 0) refuse('DECODE_FAILED', 'fileStore.get', `${bytes.length} bytes`, at);
    at += bytesRead;
  }
  return bytes;
}

/** Windows opens no directories; there a rename is durable once the file system's own journal is. */
export async function syncDirectory(fs: FileSystem, directory: string): Promise<void> {
  let handle: OpenFile;
  try {
    handle = await fs.open(directory, 'r');
  } catch {
    return;
  }
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

export function isCode(error: unknown, ...codes: string[]): boolean {
  return codes.includes(String((error as { code?: unknown } | null)?.code));
}

export async function unlessMissing<T>(result: Promise<T>): Promise<T | undefined> {
  try {
    return await result;
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}
