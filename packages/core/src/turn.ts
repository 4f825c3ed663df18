/**
 * Letting others run.
 *
 * @module
 */
const immediate = (globalThis as { setImmediate?: (callback: () => void) => unknown }).setImmediate;

/**
 * Gives the event loop one turn, so that timers, input and abort signals come through between stretches of arithmetic.
 * `setTimeout` alone would wait 4 ms in a browser, longer than a stretch.
 */
export function turn(): Promise<void> {
  if (immediate) return new Promise((resolve) => immediate(resolve));
  if (typeof MessageChannel !== 'function') return new Promise((resolve) => setTimeout(resolve, 0));
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}
