/**
 * Clients on other threads: an engine behind message ports, the same for worker threads of Node and workers of a page.
 *
 * @module
 */
import { checkAborted, onAbort } from '../abort.ts';
import type { ClientId } from '../aggregate/contract.ts';
import type { ClientReport } from '../algorithm/contract.ts';
import { refuse, checkOptions, type OptionNames } from '../check.ts';
import { type ErrorCode, type ErrorDetails, FedkitError, isFedkitError } from '../errors.ts';
import type { Layout } from '../model/layout.ts';
import type { ClientEngine, ClientTask } from './engine.ts';

/** What is used of a `MessagePort`; those of Node and of browsers both fit. */
export interface Port {
  postMessage(message: unknown): void;
  onmessage: OnMessage['call'] | null;
}

/** A method, because methods may be called with more than they ask for: ports hand out whole events. */
interface OnMessage {
  call(event: { readonly data: unknown }): void;
}

/** A task or a word to stop it; replies carry the number of their task, for a stopped one may answer late. */
type Request<B, C> = { readonly number: number } & ({ readonly task: ClientTask<B, C> } | { readonly abort: true });
type Reply<C, U> = { readonly number: number } & (
  | { readonly report: ClientReport<U, C> }
  | { readonly refused: { readonly code: ErrorCode; readonly message: string; readonly details: ErrorDetails } }
  | { readonly failed: unknown }
);

/**
 * Runs the tasks that arrive at `port` on `engine`; the other half of {@link portEngine}. To be called in the worker, which
 * builds the same algorithm and trainers from the same seed as everyone else.
 */
export function servePort<B, C, U>(port: Port, engine: ClientEngine<B, C, U>): void {
  const running = new Map<number, AbortController>();
  port.onmessage = ({ data }) => {
    const request = data as Request<B, C>;
    const { number } = request;
    if ('abort' in request) {
      running.get(number)?.abort();
      return;
    }
    const controller = new AbortController();
    running.set(number, controller);
    const answer = (reply: Reply<C, U>) => {
      running.delete(number);
      port.postMessage(reply);
    };
    engine.run(request.task, controller.signal).then(
      (report) => answer({ number, report }),
      (error: unknown) => {
        if (!isFedkitError(error)) answer({ number, failed: error });
        else answer({ number, refused: { code: error.code, message: error.message, details: error.details } });
      },
    );
  };
}

/**
 * Runs clients behind `ports`, one at a time each: with a thread a port, as many at once as there are ports. Reports are
 * folded in the cohort's order whoever is done first, so the bytes are those of an inline engine.
 *
 * A thread that dies answers nothing: watch your workers and abort the simulation's signal.
 *
 * @param options - `clients`: every client that each port can run; `layout`: what they all train.
 * @throws FedkitError `INVALID_ARGUMENT` without ports.
 */
export function portEngine<B, C, U>(
  ports: readonly Port[],
  options: { readonly clients: readonly ClientId[]; readonly layout?: Layout },
): ClientEngine<B, C, U> {
  checkOptions('portEngine', options, { clients: true, layout: true } satisfies OptionNames<typeof options>);
  if (ports.length === 0) refuse('INVALID_ARGUMENT', 'portEngine: ports', 'at least one port', 0);
  const free = [...ports];
  const waiting = new Map<number, (reply: Reply<C, U>) => void>();
  for (const port of ports) {
    port.onmessage = ({ data }) => {
      const reply = data as Reply<C, U>;
      waiting.get(reply.number)?.(reply);
    };
  }
  let tasks = 0;
  return {
    clients: [...options.clients],
    concurrency: ports.length,
    ...(options.layout && { layout: options.layout }),
    async run(task, signal) {
      checkAborted('run', signal);
      const port = free.pop();
      if (!port) refuse('PROTOCOL_STATE', 'portEngine.run', `at most ${ports.length} tasks at once`, ports.length + 1);
      const number = ++tasks;
      let deafen = (): void => {};
      try {
        const reply = await new Promise<Reply<C, U>>((resolve, reject) => {
          deafen = onAbort(signal, () => {
            port.postMessage({ number, abort: true } satisfies Request<B, C>);
            // Not left to the thread: one that died cannot answer.
            reject(new FedkitError('ABORTED', "run: aborted by the caller's signal", { cause: signal?.reason }));
          });
          waiting.set(number, resolve);
          port.postMessage({ number, task } satisfies Request<B, C>);
        });
        if ('report' in reply) return reply.report;
        if ('failed' in reply) throw reply.failed;
        throw new FedkitError(reply.refused.code, reply.refused.message, { details: reply.refused.details });
      } finally {
        deafen();
        waiting.delete(number);
        free.push(port);
      }
    },
  };
}
