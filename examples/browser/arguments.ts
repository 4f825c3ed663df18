/**
 * The command line of the live page.
 *
 * @module
 */
import { parseArgs } from 'node:util';
import { integer, UsageError } from '../command-line.ts';
import type { Privacy } from './federation.ts';

export const USAGE = `npx -y pnpm@12.21.0 demo:web [options]

  --tabs N       opens a federation of N tabs in one window: for whoever has no friends at hand
  --port N       default 8080; 0 for any that is free
  --lan          listens on every network of this machine, for phones beside it; else on this machine alone
  --https        with a certificate made for this start, which browsers ask about once; phones need HTTPS to remember anything
  --cert FILE, --key FILE   with your own certificate instead, in PEM
  --noise        sums with everybody's share of noise in them: distributed differential privacy
  --rounds N     default 20
  --plain        forbids WebAssembly by the page's policy: everything in plain JavaScript
  --folder DIR   where the run is kept; default a temporary one, removed at the end
  --no-open      prints the address and opens nothing
`;

/** What was asked for. */
export interface Arguments {
  readonly tabs?: number;
  readonly port: number;
  readonly lan: boolean;
  readonly https: boolean;
  readonly cert?: string;
  readonly key?: string;
  readonly privacy: Privacy;
  readonly rounds: number;
  readonly strict: boolean;
  readonly folder?: string;
  readonly open: boolean;
  readonly help: boolean;
}

/** @throws UsageError */
export function parseArguments(words: readonly string[]): Arguments {
  let values: Record<string, string | boolean | undefined>;
  try {
    const flag = { type: 'boolean' } as const;
    const text = { type: 'string' } as const;
    const options = {
      tabs: text,
      port: text,
      lan: flag,
      https: flag,
      cert: text,
      key: text,
      noise: flag,
      rounds: text,
      plain: flag,
      folder: text,
      'no-open': flag,
      help: flag,
    };
    ({ values } = parseArgs({ args: [...words], options }));
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  const { tabs, port = '8080', rounds = '20', cert, key, folder } = values as Record<string, string | undefined>;
  if ((cert === undefined) !== (key === undefined)) throw new UsageError('--cert and --key go together');
  return {
    ...(tabs !== undefined && { tabs: integer('--tabs', tabs, 1, 20) }),
    port: integer('--port', port, 0, 65_535),
    lan: values.lan === true,
    https: values.https === true || cert !== undefined,
    ...(cert !== undefined && key !== undefined && { cert, key }),
    privacy: values.noise === true ? 'noise' : 'sums',
    rounds: integer('--rounds', rounds, 1, 10_000),
    strict: values.plain === true,
    ...(folder !== undefined && { folder }),
    open: values['no-open'] !== true,
    help: values.help === true,
  };
}
