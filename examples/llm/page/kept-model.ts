/**
 * A picked model, kept in the origin's private file system, so that the next visit need not read it in again.
 *
 * @module
 */

const NAME = 'model.gguf';
/** Bytes that are copied between two reports. */
const PIECE = 4 << 20;

/** The model of an earlier visit; `undefined` where there is none, or no such file system. */
export async function keptModel(): Promise<File | undefined> {
  try {
    const folder = await navigator.storage.getDirectory();
    return await (await folder.getFileHandle(NAME)).getFile();
  } catch {
    return undefined;
  }
}

/**
 * Keeps `file`. It is there whole or not at all: it gets its name when all of it is written.
 *
 * @param onProgress - Told how many bytes are written.
 * @returns Whether it is kept: browsers without the file system, or without room, go on with the file as it is.
 */
export async function keepModel(file: File, onProgress: (bytes: number) => void): Promise<boolean> {
  try {
    const folder = await navigator.storage.getDirectory();
    // A writable's content takes the file's place as it is closed.
    const writable = await (await folder.getFileHandle(NAME, { create: true })).createWritable();
    for (let at = 0; at < file.size; at += PIECE) {
      await writable.write(await file.slice(at, at + PIECE).arrayBuffer());
      onProgress(Math.min(file.size, at + PIECE));
    }
    await writable.close();
    return true;
  } catch {
    return false;
  }
}
