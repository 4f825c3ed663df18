/**
 * HTTP: `fetchHandler` on the server, `fetchExchange` on the client.
 *
 * @module
 */
export type { Clock } from '../../protocol/clock.ts';
export type { TransportLimits } from '../limits.ts';
export type { RetryOptions } from '../retry.ts';
export type { CorsOptions } from './cors.ts';
export { fetchExchange, type FetchExchangeOptions } from './exchange.ts';
export { type FetchAuthentication, type FetchHandler, fetchHandler, type FetchHandlerOptions } from './handler.ts';
