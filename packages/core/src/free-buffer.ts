/**
 * Giving memory back without waiting for the garbage collector, which counts bytes outside its heap against it: it would look through
 * everything there is for every few megabytes that come in from sockets.
 *
 * @module
 */

/** Below this, in bytes, it costs more than it spares. */
export const WORTH_FREEING = 4096;

type Transfer = (this: ArrayBuffer, bytes: number) => ArrayBuffer;

let free: ((buffer: ArrayBuffer) => void) | undefined;

/** By `ArrayBuffer.prototype.transfer` (ES2024), before it by a message that takes the buffer to a closed port, or not at all. */
function wayToFree(): (buffer: ArrayBuffer) => void {
  const { transfer } = ArrayBuffer.prototype as { transfer?: Transfer };
  if (transfer !== undefined) return (buffer) => void transfer.call(buffer, 0);
  if (typeof MessageChannel !== 'function') return () => {};
  const { port1, port2 } = new MessageChannel();
  port1.close();
  port2.close();
  return (buffer) => port1.postMessage(undefined, [buffer]);
}

/** Frees a buffer, which nobody else may hold: it has no length after it. */
export function freeBuffer(buffer: ArrayBuffer): void {
  // Not as the module loads: whoever only imports opens no port.
  free ??= wayToFree();
  free(buffer);
}

/** Frees `bytes` where they are all of their buffer, which nobody else may hold: they have no length after it. */
export function freeBytes(bytes: Uint8Array): void {
  const { buffer } = bytes;
  if (bytes.length < WORTH_FREEING || buffer.byteLength !== bytes.length || !(buffer instanceof ArrayBuffer)) return;
  freeBuffer(buffer);
}
