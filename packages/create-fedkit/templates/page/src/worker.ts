// Training, masking and storage, off the page's own thread.
import { indexedDbStore } from '@fedkit/core/store/indexed-db-store';
import { examplesOf, model } from './federation.ts';
import { participant } from './participant.ts';

/** The first identity of this browser that no other tab holds; this one holds it until it is closed. */
async function freeIdentity(): Promise<string> {
  for (let slot = 0; ; slot++) {
    const name = `participant ${slot}`;
    const free = await new Promise<boolean>((resolve, reject) => {
      const hold = (lock: Lock | null) => {
        resolve(lock !== null);
        return lock === null ? undefined : new Promise<void>(() => {});
      };
      navigator.locks.request(name, { ifAvailable: true }, hold).catch(reject);
    });
    if (free) return name;
  }
}

async function main(): Promise<void> {
  const store = indexedDbStore({ name: await freeIdentity() });
  const onProgress = (kind: string) => kind !== 'waiting' && self.postMessage(kind);
  const client = await participant({ url: '/fedkit', store, onProgress });
  await client.run();
  const { round, params } = await client.model();
  const { accuracy } = model.evaluate(params, examplesOf('unseen', 500));
  self.postMessage(`over after round ${round}: right on ${(100 * accuracy).toFixed(1)} % of unseen points`);
}

main().catch((error: unknown) => self.postMessage(`stopped: ${String(error)}`));
