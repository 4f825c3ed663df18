/**
 * What `fedkit.config.ts` is made of, and the same server without the command.
 *
 * @module
 */
export { type AdminConfig, type Config, defineConfig, type FederationConfig, type ListenConfig } from './config.ts';
export { type Served, serveFederation } from './serve/serve-federation.ts';
