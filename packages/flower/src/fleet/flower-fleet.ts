/**
 * Nodes of Flower in a federation of ours.
 *
 * @module
 */
import { isFedkitError, type Layout, type PlainData, type Update } from '@fedkit/core';
import {
  checkBytes,
  checkInteger,
  contentLength,
  handlerOf,
  readBody,
  type Reply,
  heard,
  refuse,
  SerialQueue,
  sha256Bytes,
  systemClock,
  toHex,
  utf8Encode,
  checkOptions,
} from '@fedkit/core/internal';
import { CHUNK } from '../array/flower-array.ts';
import { decodeMessage } from '../proto/decode.ts';
import { encodeMessage } from '../proto/encode.ts';
import { askOf } from './ask.ts';
import { Authentication, type Caller } from './authentication.ts';
import { Broadcasts } from './broadcasts.ts';
import { type FleetLimits, type FleetServer, type FlowerFleetOptions, Refused, type Refusal } from './contract.ts';
import { ServedNode, type FleetContext } from './served-node.ts';
import { checkAlgorithm } from './plan.ts';
import { type Route, routesOf } from './routes.ts';

const TYPE = 'application/protobuf';
const PREFIX = '/v1/fleet/';
/** Bytes of a request beside an object: names, numbers, a tree of the most objects. */
const SMALL = 1_048_576;

const DETAILS: Readonly<Record<Refusal['status'], string>> = {
  400: 'malformed request',
  401: 'authentication required',
  403: 'not allowed',
  404: 'not found',
  405: 'method not allowed',
  412: 'not now',
  413: 'request too large',
  415: 'unsupported media type',
  500: 'server error',
  503: 'try again later',
};

/**
 * A handler of HTTP requests by which `flower-supernode` processes, unchanged, take part in the rounds of `server` beside its
 * own clients, in one mean. To the server each node is a client of its own; to the nodes this is a SuperLink of one run.
 *
 * A node that dies with a message unanswered is given it again. Of a reply nothing is kept before its node is known, the time of
 * its signature new, and its tree within bounds. Nothing needs to survive a restart: node ids follow from keys, and the server
 * hands out its open tickets again.
 *
 * The server sees every update, as under `plainUpdates`. TLS is the host's affair, and a must on any network that others
 * are on: a signature covers the time alone, nothing that a call says.
 *
 * @param server - Its pipeline takes reports: `plainUpdates`.
 * @returns A fetch handler for paths under `/v1/fleet/`; it never rejects.
 * @throws FedkitError `INVALID_ARGUMENT` for a pipeline without a layout, for an algorithm that needs more of a client than training (SCAFFOLD, MimeLite,
 * FedDyn, personalized ones), for options that do not fit, and unless keys are given or `selfRegistration` is `true`; `DECODE_FAILED` for a key that is none.
 * @example
 * ```ts
 * import {
 *   federatedServer, fedAvg, memoryStore, plainUpdates, secureRng, seededRng, softmaxRegression,
 * } from '@fedkit/core';
 * import { serve } from '@fedkit/core/transport/node';
 * import { flowerFleet } from '@fedkit/flower';
 *
 * const model = softmaxRegression({ inputs: 2, classes: 2 });
 * const pipeline = plainUpdates({ algorithm: fedAvg(), layout: model.layout });
 * const server = await federatedServer({
 *   pipeline,
 *   initial: model.init(seededRng(1)),
 *   store: memoryStore(),
 *   cohort: 2,
 *   rounds: 3,
 *   clock: () => performance.now(),
 *   rng: secureRng(),
 * });
 * const fleet = await flowerFleet(server, {
 *   pipeline,
 *   app: { bytes: new TextEncoder().encode('the .fab file that `flwr build` wrote'), id: 'mine/points', version: '1.0.0' },
 *   selfRegistration: true,
 *   config: () => ({ lr: 0.1 }),
 * });
 * const listening = await serve(fleet);
 * // flower-supernode --insecure --superlink 127.0.0.1:PORT, with the port of `listening.url`
 * await listening.close();
 * await server.close();
 * ```
 */
export async function flowerFleet<
  S extends PlainData,
  B extends PlainData,
  C extends PlainData,
  U extends Update,
  R extends PlainData,
>(
  server: FleetServer<S>,
  options: FlowerFleetOptions<S, B, C, U, R>,
): Promise<(request: Request) => Promise<Response>> {
  const where = 'flowerFleet';
  checkOptions(where, options, {
    allowedKeys: true,
    selfRegistration: true,
    pipeline: true,
    app: true,
    config: true,
    examples: true,
    clientName: true,
    limits: true,
    onEvent: true,
    now: true,
  });
  const { pipeline, app, now = () => Date.now() } = options;
  const onEvent = heard(options.onEvent);
  if (typeof server?.handle !== 'function') refuse('INVALID_ARGUMENT', `${where}: server`, 'a federatedServer', server);
  const half = pipeline.client();
  if (pipeline.kind !== 'plain-updates' || half.sends !== 'report') {
    // Under privacy or secure sums a client clips, noises or masks: a ClientApp does nothing of the kind.
    refuse('INVALID_ARGUMENT', `${where}: pipeline`, 'plainUpdates', pipeline.kind);
  }
  const { layout } = pipeline;
  if (layout === undefined) return refuse('INVALID_ARGUMENT', `${where}: pipeline.layout`, 'a layout', layout);
  const bytes = checkBytes(`${where}: app.bytes`, app.bytes);
  await checkAlgorithm(pipeline.algorithm, pipeline.size);
  const limits = completeLimits(layout, options.limits);
  const authentication = await Authentication.open(options, now);
  const ask = askOf(server);
  const algorithm = pipeline.algorithm as unknown as FleetContext<B, C, U>['algorithm'];
  const context: FleetContext<B, C, U> = {
    ask,
    half,
    algorithm,
    layout,
    broadcasts: new Broadcasts<B, C, U>(algorithm as never, layout, ask),
    runId: new DataView(Uint8Array.from(server.run.subarray(0, 8)).buffer).getBigUint64(0) | 1n,
    examples: options.examples ?? 'num-examples',
    config: options.config ?? (() => ({})),
    bounds: { objects: limits.replyObjects, bytes: limits.replyBytes },
    deliveries: limits.deliveries,
    now,
    tell: onEvent,
    queue: new SerialQueue(),
  };
  const served = new Map<string, ServedNode<B, C, U>>();
  const clientName = options.clientName ?? ((fingerprint: string) => `flower-${fingerprint.slice(0, 32)}`);
  const servedOf = (caller: Caller): ServedNode<B, C, U> => {
    const servedNode =
      served.get(caller.fingerprint) ?? new ServedNode(clientName(caller.fingerprint), caller, context);
    served.set(caller.fingerprint, servedNode);
    return servedNode;
  };
  const routes = routesOf({
    servedOf,
    forget: (caller) => void served.delete(caller.fingerprint),
    mayReceive(servedNode) {
      const since = now() - limits.replyMilliseconds;
      let others = 0;
      for (const other of served.values())
        if (other !== servedNode && other.receiving && other.touched > since) others++;
      return others < limits.replies;
    },
    selfRegistration: authentication.selfRegistration,
    runId: context.runId,
    app: { ...app, bytes, hash: toHex(await sha256Bytes(bytes)) },
    tell: onEvent,
  });

  async function answer(request: Request): Promise<Uint8Array> {
    const { pathname } = new URL(request.url);
    const name = pathname.slice(PREFIX.length);
    if (!pathname.startsWith(PREFIX) || !Object.hasOwn(routes, name)) throw new Refused(404);
    if (request.method !== 'POST') throw new Refused(405);
    if (request.headers.get('content-type')?.split(';')[0].trim() !== TYPE) throw new Refused(415, 1002);
    const caller = await authentication.caller(request.headers);
    const { call, serve } = routes[name] as Route;
    const limit = name === 'push-object' ? CHUNK + SMALL : SMALL;
    const declared = contentLength(where, request.headers);
    const milliseconds = limits.bodyMilliseconds;
    const body = await readBody(request, { where, declared, limit, clock: systemClock, milliseconds });
    return encodeMessage(call.answer, await serve(caller, decodeMessage(where, call.request, body)));
  }

  return handlerOf(async (request): Promise<Reply> => {
    try {
      const body = await answer(request);
      return { status: 200, headers: { 'content-type': TYPE, 'content-length': String(body.length) }, body };
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal.status === 500) onEvent({ kind: 'fault', error });
      const { status, code } = refusal;
      const text = JSON.stringify({ code, detail: DETAILS[status] });
      return { status, headers: { 'content-type': 'application/json' }, body: utf8Encode(text) };
    }
  });
}

function refusalOf(error: unknown): Refusal {
  if (error instanceof Refused) return error.refusal;
  if (isFedkitError(error, 'DECODE_FAILED')) return { status: 400, code: 1003 };
  if (isFedkitError(error, 'OUT_OF_RANGE')) return { status: 413, code: 0 };
  if (isFedkitError(error, 'UNAVAILABLE')) return { status: 503, code: 0 };
  return { status: 500, code: 0 };
}

function completeLimits(layout: Layout, limits: FleetLimits = {}): Required<FleetLimits> {
  const check = (name: keyof FleetLimits, otherwise: number) =>
    checkInteger(`flowerFleet: limits.${name}`, limits[name] ?? otherwise, 1);
  const { tensors, size } = layout;
  // Every tensor an Array and its chunks, and what holds them.
  const objects = tensors.reduce((sum, tensor) => sum + 2 + Math.ceil((8 * tensor.size) / CHUNK), 64);
  return {
    replyBytes: check('replyBytes', 8 * size + 65_536 * tensors.length + SMALL),
    replyObjects: check('replyObjects', objects),
    replies: check('replies', 4),
    deliveries: check('deliveries', 5),
    bodyMilliseconds: check('bodyMilliseconds', 60_000),
    replyMilliseconds: check('replyMilliseconds', 60_000),
  };
}
