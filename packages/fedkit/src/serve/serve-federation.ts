/**
 * A server, the transport before it, and what an operator looks at: put together from a configuration.
 *
 * @module
 */
import * as fs from 'node:fs/promises';
import { federatedServer, fileStore, type FederatedServer, type PlainData, secureRng } from '@fedkit/core';
import { jsonLog, type LogEntry, prometheusTelemetry } from '@fedkit/core/telemetry';
import type { ServerEvent } from '@fedkit/core/round';
import { fetchHandler } from '@fedkit/core/transport/fetch';
import { type NodeServer, serve } from '@fedkit/core/transport/node';
import { adminHandler } from '../admin/handler.ts';
import { checkConfig, type Config } from '../config.ts';
import { print } from '../print.ts';
import { readTls } from './tls.ts';

/** A federation that is served. */
export interface Served {
  readonly server: FederatedServer<PlainData>;
  /** Where clients ask, path included. */
  readonly url: string;
  /** Where the page is. */
  readonly adminUrl?: string;
  /** Resolves once another server has opened the run: this one should be closed. */
  readonly superseded: Promise<void>;
  /** Lets the current round end, answers what is at hand, and ends: in at most `grace` milliseconds and a few seconds. */
  close(grace?: number): Promise<void>;
}

/** How often deadlines are looked at, in milliseconds. */
const TICK = 1000;
/** What is left to each step of the end, beside the round's. */
const LAST = 2000;

/**
 * Serves what `config` says.
 *
 * @param write - Takes lines of the log, JSON each.
 * @throws FedkitError for a configuration that cannot be; the error of the network where a port cannot be had.
 */
export async function serveFederation(config: Config, write: (line: string) => void = print): Promise<Served> {
  const { federation, store, clients, listen = {}, admin, grace: usual = 30_000, onEvent } = checkConfig(config);
  const log = jsonLog(write);
  const telemetry = prometheusTelemetry();
  const kept = typeof store === 'string' ? fileStore(fs, store) : store;
  let over = (): void => {};
  const superseded = new Promise<void>((resolve) => (over = resolve));
  const onError = (error: unknown): void => log({ kind: 'fault', error });
  const server = (await federatedServer({
    history: 5,
    ...federation,
    store: kept,
    clock: () => performance.now(),
    rng: secureRng(),
    telemetry,
    onEvent(event: ServerEvent) {
      if (event.kind !== 'accepted') log(event as unknown as LogEntry);
      if (event.kind === 'superseded') over();
      return onEvent?.(event);
    },
  } as never)) as FederatedServer<PlainData>;

  const { path = '/fedkit', cors, limits } = listen;
  const listeners: NodeServer[] = [];
  let ticking = true;
  let timer: NodeJS.Timeout | undefined;
  const tick = async (): Promise<void> => {
    await server.tick().catch(() => {});
    if (ticking) timer = setTimeout(() => void tick(), TICK);
  };
  const stop = async (): Promise<void> => {
    ticking = false;
    clearTimeout(timer);
    await Promise.all(listeners.map((listener) => listener.close({ grace: LAST })));
    await server.close({ grace: LAST });
  };
  try {
    const handler = fetchHandler(server, {
      ...clients,
      path,
      telemetry,
      onError,
      ...(cors !== undefined && { cors }),
      ...(limits !== undefined && { limits }),
    });
    const open = async (handle: (request: Request) => Promise<Response>, where: Config['listen'], port: number) => {
      const { host = '127.0.0.1', tls } = where ?? {};
      const listener = await serve(handle, { host, port: where?.port ?? port, onError, ...readTls(tls) });
      listeners.push(listener);
      return listener;
    };
    const { url } = await open(handler, listen, 8080);
    if (listen.tls === undefined && !['127.0.0.1', '::1', 'localhost'].includes(listen.host ?? '127.0.0.1')) {
      log({ kind: 'warning', message: 'clients are served without TLS: put a proxy with TLS before it' });
    }
    const page = admin && (await open(adminHandler({ server, store: kept, telemetry, log, ...admin }), admin, 8081));
    void tick();
    log({ kind: 'listening', url: url + path, ...(page && { admin: page.url }), round: server.progress.round });
    return {
      server,
      url: url + path,
      ...(page && { adminUrl: page.url }),
      superseded,
      async close(grace = usual) {
        log({ kind: 'draining', grace });
        // Clients go on reporting until the round has ended: only then are they sent away.
        const ended = await server.drain({ grace });
        await handler.drain({ grace: LAST });
        await stop();
        log({ kind: 'closed', ended });
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
