/**
 * What client and server say to each other, whatever carries it: for a transport of your own.
 *
 * @module
 */
export { decodeResponse, encodeRequest } from './client-message.ts';
export {
  DECLINE_REASONS,
  type DeclineReason,
  type Publication,
  type Request,
  type Response,
  type RoundTask,
} from './message.ts';
export { decodeRequest, encodeResponse } from './server-message.ts';
export { stateOwner } from './broadcast.ts';
export type { Exchange, ExchangeOptions, RequestHandler } from './exchange.ts';
export type { Clock } from './clock.ts';
