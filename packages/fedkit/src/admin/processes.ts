/**
 * The other processes of a federation, front ends and workers: how they are, and what they count, beside the server's own.
 *
 * @module
 */

/** A process that answers `/ready` and `/metrics` as `statusHandler` does. */
export interface ProcessConfig {
  /** Letters, digits and dashes: the label of its metrics. */
  readonly name: string;
  /** Such as `http://127.0.0.1:9101`. */
  readonly url: string;
}

/** How a process is now. */
export interface ProcessState {
  readonly name: string;
  readonly ready: boolean;
  readonly reason?: string;
}

/** How long a process may take to answer, in milliseconds. */
const TIMEOUT = 2000;
/** The most text that is taken of one. */
const LONGEST = 2 ** 20;

/** The server's own place among them. */
const SERVER = 'coordinator';

/** Asks every process at once; one that does not answer is not ready. */
export function statesOf(processes: readonly ProcessConfig[]): Promise<ProcessState[]> {
  return Promise.all(
    processes.map(async ({ name, url }) => {
      const text = await read(`${url}/ready`);
      if (text === undefined) return { name, ready: false, reason: 'no answer' };
      const { ready, reason } = (parsed(text) ?? {}) as { readonly ready?: unknown; readonly reason?: unknown };
      return { name, ready: ready === true, ...(typeof reason === 'string' && { reason: reason.slice(0, 100) }) };
    }),
  );
}

/** The server's metrics and everyone's, told apart by the label `process`. Who does not answer is left out. */
export async function metricsOf(own: string, processes: readonly ProcessConfig[]): Promise<string> {
  const others = await Promise.all(
    processes.map(async ({ name, url }) => [name, (await read(`${url}/metrics`)) ?? ''] as const),
  );
  // What a format of lines asks for: all samples of a metric stand together, after what is said of it once.
  const families = new Map<string, { readonly heads: Set<string>; readonly samples: string[] }>();
  for (const [name, text] of [[SERVER, own] as const, ...others]) {
    let family = '';
    for (const line of text.split('\n')) {
      const head = /^# (?:HELP|TYPE) (\S+)/.exec(line);
      if (head) family = head[1];
      if (line === '' || family === '') continue;
      const found = families.get(family) ?? { heads: new Set(), samples: [] };
      families.set(family, found);
      if (head) found.heads.add(line);
      else if (!line.startsWith('#')) found.samples.push(labelled(line, name));
    }
  }
  return [...families.values()].map(({ heads, samples }) => `${[...heads, ...samples].join('\n')}\n`).join('');
}

function labelled(line: string, process: string): string {
  const label = `process="${process}"`;
  return /^\w+\{/.test(line) ? line.replace('{', `{${label},`) : line.replace(' ', `{${label}} `);
}

async function read(url: string): Promise<string | undefined> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT) });
    return (await response.text()).slice(0, LONGEST);
  } catch {
    return undefined;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
