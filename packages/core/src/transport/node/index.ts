/**
 * Web-standard handlers on `node:http`.
 *
 * @module
 */
export { type NodeListener, nodeListener, type NodeServer, serve, type ServeOptions, type ServeTls } from './serve.ts';
