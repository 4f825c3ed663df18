/**
 * The page's worker: everything but what is seen. Training, masking and storage never touch the page's own thread.
 *
 * @module
 */
import type { Order, Told } from './messages.ts';
import { Participant } from './participant.ts';

const scope = globalThis as unknown as {
  postMessage(message: Told): void;
  onmessage: (event: { readonly data: Order }) => void;
};
const say = (message: Told): void => scope.postMessage(message);

/** After a browser had no room for this page. */
const REST = 3000;

/** Joins, as soon as the browser has room to remember it. */
async function join(order: Extract<Order, { kind: 'start' }>): Promise<Participant> {
  for (;;) {
    try {
      const joined = await Participant.join(order, say);
      say({ kind: 'better' });
      return joined;
    } catch (error) {
      if (!String(error).includes('QuotaExceededError')) throw error;
      say({ kind: 'trouble', trouble: 'full', message: String(error) });
      await new Promise((resolve) => setTimeout(resolve, REST));
    }
  }
}

let participant: Promise<Participant> | undefined;
scope.onmessage = ({ data }) => {
  if (data.kind !== 'start') {
    void participant?.then((own) => own.obey(data));
    return;
  }
  participant ??= join(data);
  participant
    .then((own) => own.run())
    .catch((error: unknown) => say({ kind: 'trouble', trouble: 'fault', message: String(error) }));
};
