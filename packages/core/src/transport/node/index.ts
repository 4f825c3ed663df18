/**
 * Web-standard handlers on `node:http`.
 *
 * @module
 */
export { type NodeServer, serve, type ServeOptions, type ServeTls } from './serve.ts';
