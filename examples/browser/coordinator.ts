/**
 * The coordinator: a federated server with a store, the page's files, and a status for everybody.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import * as fs from 'node:fs/promises';
import {
  type FederatedServer,
  federatedServer,
  fileStore,
  type PlainData,
  type RoundRecord,
  secureRng,
  type ServerEvent,
  type Store,
} from '@fedkit/core';
import { fetchHandler } from '@fedkit/core/transport/fetch';
import { type NodeServer, serve, type ServeTls } from '@fedkit/core/transport/node';
import { privacyLedger, rdpAccountant } from '@fedkit/privacy';
import { type Mnist, readMnist } from '../data/mnist.ts';
import { DELTA, LEAST, MOST, type PagePipeline, pipelineOf, type Privacy } from './federation.ts';
import { type PageFiles, pageFiles } from './files.ts';
import { initialModel, model, PIXELS } from './network.ts';
import { Roster } from './roster.ts';
import { shardOf, unseenDigits } from './shards.ts';
import type { PastRound, Status } from './status.ts';

/** What a coordinator is started with. */
export interface CoordinatorOptions {
  readonly port?: number;
  readonly host?: string;
  readonly tls?: ServeTls;
  /** Where the run is kept: a coordinator that is started there again goes on with it. */
  readonly folder: string;
  readonly privacy?: Privacy;
  readonly rounds?: number;
  /** Forbids WebAssembly by the page's policy: tabs take the plain path, to the same bytes. */
  readonly strict?: boolean;
  /** How long tabs wait between questions, in milliseconds. */
  readonly pace?: number;
  /** How long a stage waits for a tab that is gone. */
  readonly patience?: number;
  /** Default: bundled now. */
  readonly files?: PageFiles;
  /** Waited for before a request of a participant is read: a test keeps one back at a moment of its choice. */
  readonly gate?: (participant: string | undefined) => Promise<void> | undefined;
}

/** A coordinator that listens. */
export interface Coordinator {
  readonly url: string;
  readonly server: FederatedServer<PlainData>;
  readonly status: () => Status;
  close(): Promise<void>;
}

/** Digits the published model is judged by. */
const JUDGES = 1000;
const EPSILON = 1e4;
/** How long a fault is told, in milliseconds. */
const FAULTY = 15_000;
/** A tab is here for so long after it asked for the status: browsers let hidden ones ask once a minute. */
const HERE = 75_000;
/** Names of tabs that are kept; more are not counted. */
const MOST_HERE = 1000;

/** Starts one on `folder`. */
export async function startCoordinator(options: CoordinatorOptions): Promise<Coordinator> {
  const { folder, privacy = 'sums', rounds = 20, pace = 600, patience = 8000 } = options;
  const mnist = readMnist();
  const files = options.files ?? pageFiles({ strict: options.strict ?? false });
  const store = fileStore(fs, folder);
  const judge = judgeOf(mnist);
  const roster = new Roster(() => server?.progress.awaited ?? []);
  const past: PastRound[] = [];
  let server: FederatedServer<PlainData> | undefined;
  const judged = (round: number) => `judged/${String(round).padStart(6, '0')}`;
  const remember = (record: RoundRecord): void => {
    const own = pastRound(record, judge((server as FederatedServer<PlainData>).params));
    past.push(own);
    store.put(judged(own.round), new TextEncoder().encode(JSON.stringify(own))).catch(() => undefined);
  };
  // What an earlier process of this run has judged; its models are gone.
  for await (const key of store.keys('judged/')) {
    past.push(JSON.parse(new TextDecoder().decode(await store.get(key))) as PastRound);
  }
  past.sort((a, b) => a.round - b.round);
  server = (await federatedServer({
    pipeline: await serverPipeline(privacy, store),
    initial: initialModel(),
    store,
    cohort: MOST,
    minimum: LEAST,
    rounds,
    retryAfter: pace,
    deadlines: { recruiting: 5 * pace, reporting: 2 * patience, stage: patience },
    // A tab that waits asks all the time: one that has not for so long is closed, or asleep.
    limits: { presence: 3000 + 10 * pace },
    clock: Date.now,
    rng: secureRng(),
    history: 1,
    onEvent(event: ServerEvent) {
      roster.take(event);
      if (event.kind === 'published' || event.kind === 'abandoned' || event.kind === 'cancelled')
        remember(event.record);
    },
  } as never)) as FederatedServer<PlainData>;
  const running = server;

  const tabs = new Map<string, number>();
  const here = (tab: string | null): void => {
    for (const [name, time] of tabs) if (Date.now() - time > HERE) tabs.delete(name);
    if (tab !== null && tab.length <= 20 && (tabs.size < MOST_HERE || tabs.has(tab))) tabs.set(tab, Date.now());
  };
  const start = judge(initialModel());
  const status = (): Status => {
    const { phase, stage, remaining, round, waiting, lastFailure } = running.progress;
    const failed = lastFailure !== undefined && Date.now() - lastFailure.time < FAULTY;
    return {
      build: files.build,
      run: Buffer.from(running.run).toString('hex'),
      privacy,
      phase,
      ...(stage !== undefined && { stage }),
      ...(remaining !== undefined && { remaining }),
      round,
      rounds,
      waiting,
      here: tabs.size,
      least: LEAST,
      participants: roster.participants(),
      history: past,
      start,
      ...(privacy === 'noise' && { delta: DELTA }),
      ...(failed && { fault: lastFailure.error instanceof Error ? lastFailure.error.message : 'unknown' }),
    };
  };
  const exchange = fetchHandler(running, { authenticate: nameOf });
  const respond = async (request: Request): Promise<Response> => {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === '/fedkit') {
      await options.gate?.(nameOf(request));
      return exchange(request);
    }
    if (pathname === '/status') {
      here(searchParams.get('tab'));
      return json(status());
    }
    if (pathname === '/digits') {
      const client = nameOf(request);
      if (client === undefined) return new Response('', { status: 401 });
      return bytesOf(shardOf(mnist, client), { participant: client });
    }
    if (pathname === '/unseen') return bytesOf(unseenDigits(mnist));
    return files.respond(pathname);
  };
  const { port = 8080, host = '127.0.0.1', tls } = options;
  const listening: NodeServer = await serve(respond, { port, host, ...(tls && { tls }) });
  const timer = setInterval(() => void running.tick().catch(() => undefined), Math.min(pace, 500));
  return {
    url: listening.url,
    server: running,
    status,
    async close() {
      clearInterval(timer);
      await listening.close({ grace: 500 });
      await running.close({ grace: 500 });
    },
  };
}

/** A tab's name is made of its secret: nobody else can take it, and no register is kept. */
export function nameOf(request: Request): string | undefined {
  const token = /^Bearer ([0-9a-f]{64})$/.exec(request.headers.get('authorization') ?? '')?.[1];
  return token && createHash('sha256').update(token).digest('hex').slice(0, 16);
}

async function serverPipeline(privacy: Privacy, store: Store): Promise<PagePipeline> {
  // The server's own secret lies beside what it seals: this protects a copy of the store alone, which nobody makes here.
  await store.create('sealing-key', secureRng().fill(new Uint8Array(32)));
  const sealingKey = (await store.get('sealing-key')) as Uint8Array;
  if (privacy === 'sums') return pipelineOf(privacy, { sealingKey });
  const ledger = await privacyLedger({
    run: 'a page that anyone opens',
    unit: 'user',
    composition: 'own-rounds',
    events: 'adaptive',
    store,
    budget: { epsilon: EPSILON, delta: DELTA },
    accountant: () => rdpAccountant({ neighboring: 'add-or-remove' }),
  });
  return pipelineOf(privacy, { sealingKey, filters: { server: ledger } });
}

interface Judgement {
  readonly accuracy: number;
  readonly loss: number;
}

function judgeOf({ test }: Mnist): (params: Float32Array) => Judgement {
  const inputs = test.inputs.slice(0, JUDGES * PIXELS);
  const labels = Uint8Array.from({ length: JUDGES }, (_, i) => test.labels[i]);
  return (params) => model.evaluate(params, { inputs, labels });
}

function pastRound(record: RoundRecord, { accuracy, loss }: Judgement): PastRound {
  const { round, outcome, reason, contributors, invited, survivors, bytes, milliseconds, facts } = record;
  const epsilon = facts.epsilon?.server;
  const ownLoss = facts.metrics?.metrics.loss?.mean;
  return {
    round,
    outcome,
    ...(reason !== undefined && { reason }),
    contributors,
    lost: invited - survivors,
    accuracy,
    loss,
    ...(ownLoss !== undefined && { ownLoss }),
    ...(epsilon !== undefined && { epsilon }),
    up: bytes.up,
    down: bytes.down,
    milliseconds,
  };
}

function json(value: unknown): Response {
  return new Response(JSON.stringify(value), {
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
  });
}

function bytesOf(bytes: Uint8Array<ArrayBuffer>, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(bytes, {
    headers: { 'content-type': 'application/octet-stream', 'cache-control': 'no-store', ...headers },
  });
}
