/**
 * What changes, as a stream of server-sent events: a snapshot once a second while it differs, rows as rounds end.
 *
 * WHATWG HTML Standard, "Server-sent events".
 *
 * @module
 */
import type { FederatedServer, PlainData } from '@fedkit/core';
import { rowOf, snapshotOf } from './snapshot.ts';

const EVERY = 1000;
/** Rows that a page begins with. */
const ROWS = 100;
/** Pages that may be open at a time. */
const STREAMS = 20;

/** Streams of one server. */
export class Live {
  readonly #server: FederatedServer<PlainData>;
  readonly #interval: number;
  #open = 0;

  /** @param interval - Milliseconds between looks. */
  constructor(server: FederatedServer<PlainData>, interval: number = EVERY) {
    this.#server = server;
    this.#interval = interval;
  }

  /** `undefined` where too many are open. */
  stream(): Response | undefined {
    if (this.#open >= STREAMS) return undefined;
    this.#open++;
    let timer: NodeJS.Timeout | undefined;
    let over = false;
    const end = (): void => {
      if (over) return;
      over = true;
      clearTimeout(timer);
      this.#open--;
    };
    const encoder = new TextEncoder();
    let shown = '';
    let recorded = Math.max(0, this.#server.progress.round - ROWS);
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        const send = (event: string, data: string): void =>
          controller.enqueue(encoder.encode(`event: ${event}\ndata: ${data}\n\n`));
        const look = async (): Promise<void> => {
          try {
            const snapshot = JSON.stringify(snapshotOf(this.#server));
            if (snapshot !== shown && !over) send('snapshot', snapshot);
            shown = snapshot;
            for (const record of await this.#server.records(recorded)) {
              recorded = record.round;
              if (!over) send('row', JSON.stringify(rowOf(record)));
            }
          } catch {
            // A store that fails, or a server that has ended: the snapshot says so.
          }
          if (over) return;
          if (!this.#server.health.healthy) {
            end();
            controller.close();
            return;
          }
          timer = setTimeout(() => void look(), this.#interval);
        };
        void look();
      },
      cancel: end,
    });
    return new Response(body, { headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store' } });
  }
}
