/**
 * What a federation is served from: a module, since pipelines and `authenticate` are code. Secrets come from the environment.
 *
 * @module
 */
import type { AsynchronousServerOptions, FederatedServerOptions, ServerEvent } from '@fedkit/core/round';
import type { CorsOptions, FetchAuthentication, TransportLimits } from '@fedkit/core/transport/fetch';
import type { ServeTls } from '@fedkit/core/transport/node';
import type { Store } from '@fedkit/core';
import { FedkitError } from '@fedkit/core';
import { checkOptions, type OptionNames } from '@fedkit/core/internal';
import type { ProcessConfig } from './admin/processes.ts';

/** What the command itself brings to a server. */
type Brought = 'store' | 'clock' | 'rng' | 'onEvent' | 'telemetry';

// The algorithm's types are the pipeline's affair: the command only hands them through.
// oxlint-disable-next-line typescript/no-explicit-any -- whatever they are
type AnyOptions = FederatedServerOptions<any, any, any, any> | AsynchronousServerOptions<any>;
type Without<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

/** The options of `federatedServer`, but for what the command brings. */
export type FederationConfig = Without<AnyOptions, Brought>;

/** Where something listens. */
export interface ListenConfig {
  /** Default 8080; the admin's 8081. 0 for any that is free. */
  readonly port?: number;
  /** Default `127.0.0.1`: this machine alone. */
  readonly host?: string;
  /** Options of `tls.createServer`; `key`, `cert` and `ca` as PEM, or as paths of files that hold it, from the directory where the command runs. */
  readonly tls?: ServeTls;
}

/** The admin API and page, on a port of their own. */
export interface AdminConfig extends ListenConfig {
  /** At least 12 characters, from the environment. Opens the page, and the API as `Authorization: Bearer <password>`. */
  readonly password: string;
  /** Front ends and workers: the page and `/metrics` tell of them too. */
  readonly processes?: readonly ProcessConfig[];
  /** Whether something with TLS stands before it. Without it and `tls` it listens on this machine alone. */
  readonly proxied?: boolean;
}

/** A federation and how it is served. */
export interface Config {
  readonly federation: FederationConfig;
  /** A directory, from the one where the command runs; or a store of your own. */
  readonly store: string | Store;
  /** Who may ask: `authenticate`, or `{ insecure: true }` in so many words. */
  readonly clients: FetchAuthentication;
  readonly listen?: ListenConfig & {
    /** Default `/fedkit`. */
    readonly path?: string;
    readonly cors?: CorsOptions;
    readonly limits?: TransportLimits;
  };
  /** Without it there is no admin API, page, `/metrics`, `/health` or `/ready`. */
  readonly admin?: AdminConfig;
  /** How long the current round may go on after SIGTERM, in milliseconds; default 30,000. */
  readonly grace?: number;
  /** Told everything that happens, beside the log. */
  readonly onEvent?: (event: ServerEvent) => void;
}

/** `config` itself, with its type. */
export function defineConfig(config: Config): Config {
  return config;
}

const MEMBERS: OptionNames<Config> = {
  federation: true,
  store: true,
  clients: true,
  listen: true,
  admin: true,
  grace: true,
  onEvent: true,
};
const LISTEN: OptionNames<NonNullable<Config['listen']>> = {
  host: true,
  port: true,
  tls: true,
  path: true,
  cors: true,
  limits: true,
};
const ADMIN: OptionNames<AdminConfig> = {
  host: true,
  port: true,
  tls: true,
  password: true,
  processes: true,
  proxied: true,
};
const BROUGHT: readonly Brought[] = ['store', 'clock', 'rng', 'onEvent', 'telemetry'];

/** The least of an admin's password. */
const PASSWORD = 12;

/** @throws FedkitError `INVALID_ARGUMENT` by the member's name, never with its value. */
export function checkConfig(config: unknown): Config {
  const fail = (name: string, expected: string): never => {
    throw new FedkitError('INVALID_ARGUMENT', `fedkit.config: ${name}: expected ${expected}, got something else`);
  };
  if (typeof config !== 'object' || config === null)
    fail('default export', 'a configuration, or a function that gives one');
  const checked = config as Config;
  checkOptions('fedkit.config', checked, MEMBERS);
  if (typeof checked.federation !== 'object' || checked.federation === null)
    fail('federation', 'options of federatedServer');
  for (const name of BROUGHT) {
    if (Object.hasOwn(checked.federation, name))
      fail(
        'federation',
        `no ${name}: the command brings it, and \`store\` and \`onEvent\` stand beside \`federation\``,
      );
  }
  if (typeof checked.store !== 'string' && typeof checked.store?.put !== 'function')
    fail('store', 'a directory or a store');
  if (checked.store === '') fail('store', 'a directory or a store');
  if (typeof checked.clients !== 'object') fail('clients', '{ authenticate } or { insecure: true }');
  const { admin, listen, grace = 0, onEvent } = checked;
  if (listen !== undefined) checkOptions('fedkit.config: listen', listen, LISTEN);
  if (onEvent !== undefined && typeof onEvent !== 'function') fail('onEvent', 'a function');
  if (admin !== undefined) {
    checkOptions('fedkit.config: admin', admin, ADMIN);
    if (typeof admin.password !== 'string' || admin.password.length < PASSWORD) {
      fail('admin.password', `at least ${PASSWORD} characters, from the environment`);
    }
    const processes: readonly (ProcessConfig | null)[] = admin.processes ?? [];
    if (!Array.isArray(processes)) fail('admin.processes', 'a list');
    for (const process of processes) {
      if (!/^[A-Za-z0-9-]{1,64}$/.test(process?.name ?? '') || !/^https?:\/\/[^/]+$/.test(process?.url ?? ''))
        fail('admin.processes', 'names of letters, digits and dashes, and URLs without a path');
    }
    const { host = '127.0.0.1', tls, proxied = false } = admin;
    if (tls === undefined && !proxied && !['127.0.0.1', '::1', 'localhost'].includes(host)) {
      fail('admin.host', 'this machine, or tls, or proxied: true where something with TLS stands before it');
    }
  }
  if (!Number.isSafeInteger(grace) || grace < 0) fail('grace', 'milliseconds');
  return checked;
}
