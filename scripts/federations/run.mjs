// A command whose children, which npx starts, end with it.
import { spawn } from 'node:child_process';

const TIMEOUT = 300_000;

/** What it printed. @throws Error With what it said on the error output, or why it was ended. */
export async function run(title, [command, ...words], signal) {
  const child = spawn(command, words, { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'])
    child[stream].setEncoding('utf8').on('data', (text) => (said[stream] += text));
  const end = () => process.kill(-child.pid, 'SIGKILL');
  const timer = setTimeout(end, TIMEOUT);
  signal?.addEventListener('abort', end);
  try {
    const code = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
    if (code !== 0) throw new Error(`${title}: ${said.stderr || `ended after at most ${TIMEOUT} ms`}`);
    return said.stdout;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', end);
  }
}
