// A federation that anyone joins by opening a page: starts its coordinator, and says where it is.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { renderUnicodeCompact } from 'uqr';
import { abortedBySignals, runCommand } from '../command-line.ts';
import { type Arguments, parseArguments, USAGE } from './arguments.ts';
import { startCoordinator } from './coordinator.ts';

/** The addresses of this machine that others in its network can reach. */
function addresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .filter(({ family, internal }) => family === 'IPv4' && !internal)
    .map(({ address }) => address);
}

/** The certificate handed in, or one that is made now. */
async function certificate({ cert, key }: Arguments, names: readonly string[]): Promise<{ cert: string; key: string }> {
  if (cert !== undefined && key !== undefined)
    return { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') };
  const { generate } = await import('selfsigned');
  const altNames = ['localhost', '127.0.0.1', ...names].map((name) =>
    /^[\d.]+$/.test(name) ? { type: 7 as const, ip: name } : { type: 2 as const, value: name },
  );
  const made = await generate([{ name: 'commonName', value: 'fedkit demo' }], {
    extensions: [{ name: 'subjectAltName', altNames }],
  });
  return { cert: made.cert, key: made.private };
}

/** Asks the desktop to open it; a machine without one prints the address, which is enough. */
function openInBrowser(url: string): void {
  const command = { darwin: 'open', win32: 'explorer' }[process.platform as string] ?? 'xdg-open';
  spawn(command, [url], { stdio: 'ignore', detached: true })
    .on('error', () => undefined)
    .unref();
}

async function main(): Promise<void> {
  const args = parseArguments(process.argv.slice(2));
  if (args.help) {
    console.log(USAGE);
    return;
  }
  const { signal } = abortedBySignals();
  const outside = args.lan ? addresses() : [];
  const temporary = args.folder === undefined ? mkdtempSync(join(tmpdir(), 'fedkit-page-')) : undefined;
  try {
    const coordinator = await startCoordinator({
      port: args.port,
      host: args.lan ? '0.0.0.0' : '127.0.0.1',
      folder: args.folder ?? (temporary as string),
      privacy: args.privacy,
      rounds: args.rounds,
      strict: args.strict,
      ...(args.https && { tls: await certificate(args, outside) }),
    });
    const { port } = new URL(coordinator.url);
    const scheme = args.https ? 'https' : 'http';
    const here = `${scheme}://localhost:${port}`;
    const there = outside[0] === undefined ? here : `${scheme}://${outside[0]}:${port}`;
    console.log(`\n  Open ${here} in three or more tabs.`);
    console.log(`  Five tabs in one window: ${here}/together?tabs=5`);
    if (args.lan) {
      console.log(`\n  From other devices of this network: ${there}\n`);
      console.log(renderUnicodeCompact(there, { border: 2 }).replace(/^/gm, '    '));
      if (!args.https) console.log('\n  Without --https, phones take part and forget it as the tab is closed.');
    } else console.log(`\n${renderUnicodeCompact(there, { border: 2 }).replace(/^/gm, '    ')}`);
    console.log('\n  Ctrl+C ends it.\n');
    if (args.open && args.tabs !== undefined) openInBrowser(`${here}/together?tabs=${args.tabs}`);
    let told = 0;
    const follow = setInterval(() => {
      const { history } = coordinator.status();
      for (const past of history.slice(told)) {
        const came =
          past.outcome === 'published'
            ? `${(100 * past.accuracy).toFixed(1)} % right, ${past.contributors.length} tabs${past.lost > 0 ? `, ${past.lost} vanished` : ''}${past.ownLoss === undefined ? '' : `, loss ${past.ownLoss.toFixed(2)} on their own digits`}${past.epsilon === undefined ? '' : `, ε ${past.epsilon.toFixed(1)}`}`
            : 'came to nothing: too few tabs were left';
        console.log(`  round ${past.round}: ${came}`);
      }
      told = history.length;
    }, 500);
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    clearInterval(follow);
    await coordinator.close();
  } finally {
    if (temporary !== undefined) rmSync(temporary, { recursive: true, force: true });
  }
}

await runCommand(main, USAGE);
