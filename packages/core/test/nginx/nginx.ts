/**
 * nginx as distributions ship it, before a server of ours.
 *
 * @module
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../free-port.ts';
import { serverBinary } from '../server-binary.ts';

/** Undefined where there is none: tests with one are skipped then. */
export const nginx: string | undefined = serverBinary('nginx', 'the tests behind a real nginx');

export interface Proxy {
  readonly url: string;
  /** What its log says so far: status and bytes of each request's body. */
  requests(): { readonly status: number; readonly bytes: number }[];
  close(): Promise<void>;
}

/**
 * Passes everything to `port`. What is not said is nginx's default: bodies of at most 1 MiB, above all.
 *
 * @param extra - Lines of its `server` block.
 */
export async function startNginx(port: number, extra: readonly string[] = []): Promise<Proxy> {
  const directory = mkdtempSync(join(tmpdir(), 'fedkit-nginx-'));
  const own = await freePort();
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${directory}/${kind};`,
  );
  const configuration = `
    daemon off; worker_processes 1; pid ${directory}/pid; error_log stderr crit;
    ${process.getuid?.() === 0 ? 'user root;' : ''}
    events {}
    http {
      ${paths.join('\n')}
      log_format lines '$status $content_length';
      access_log ${directory}/log lines;
      server { listen 127.0.0.1:${own}; ${extra.join('\n')} location / { proxy_pass http://127.0.0.1:${port}; } }
    }`;
  writeFileSync(join(directory, 'nginx.conf'), configuration);
  const child = spawn(nginx as string, ['-p', directory, '-c', join(directory, 'nginx.conf')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk));
  const url = `http://127.0.0.1:${own}`;
  while ((await fetch(url).catch(() => undefined)) === undefined) {
    if (child.exitCode !== null) throw new Error(`nginx has ended: ${errors}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return {
    url,
    requests: () =>
      readFileSync(join(directory, 'log'), 'utf8')
        .split('\n')
        .slice(0, -1)
        .map((line) => {
          const [status, bytes] = line.split(' ');
          return { status: Number(status), bytes: Number(bytes) || 0 };
        }),
    async close() {
      child.kill('SIGTERM');
      await ended;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
