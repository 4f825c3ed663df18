/**
 * Keys as file names that every file system keeps apart.
 *
 * @module
 */
import { refuse } from '../check.ts';
import { utf8Decode, utf8Encode } from '../utf8.ts';

/** The longest file name that common file systems take, in bytes. */
const MAX_FILE_NAME = 255;

/** @throws FedkitError `OUT_OF_RANGE` for a key whose name would be longer than 255 bytes. */
export function fileName(where: string, key: string): string {
  const name = key.replace(/[^a-z0-9_-]+/g, (other) =>
    Array.from(utf8Encode(other), (byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''),
  );
  if (name.length > MAX_FILE_NAME)
    refuse('OUT_OF_RANGE', `${where}: key`, `at most ${MAX_FILE_NAME} bytes of file name`, name.length);
  return name;
}

/** The key of a file name; `undefined` for a file that is none of ours. */
export function keyOf(name: string): string | undefined {
  if (!/^(?:[a-z0-9_-]|%[0-9a-f]{2})+$/.test(name)) return undefined;
  const bytes = name
    .match(/%..|./g)
    ?.map((part) => (part.length === 3 ? Number.parseInt(part.slice(1), 16) : part.charCodeAt(0)));
  try {
    const key = utf8Decode(Uint8Array.from(bytes ?? []));
    return fileName('fileStore.keys', key) === name ? key : undefined;
  } catch {
    return undefined;
  }
}
