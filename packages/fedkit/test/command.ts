/**
 * The command as a process, from its sources.
 *
 * @module
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const BIN = fileURLToPath(new URL('../src/bin.ts', import.meta.url));
export const CONFIG: string = fileURLToPath(new URL('fixture/fedkit.config.ts', import.meta.url));
export const PASSWORD = 'a password of tests';

/** One line of its log. */
export type Line = Readonly<Record<string, unknown>> & { readonly kind: string };

/** A process of the command. */
export class Command {
  readonly child: ChildProcess;
  readonly lines: Line[] = [];
  text = '';
  errors = '';
  readonly #waiting = new Set<() => void>();

  constructor(arguments_: readonly string[], environment: Readonly<Record<string, string>> = {}) {
    const node = ['--conditions=@fedkit/source', '--import', import.meta.resolve('tsx'), BIN];
    this.child = spawn(process.execPath, [...node, ...arguments_], {
      env: { ...process.env, FEDKIT_TEST_PASSWORD: PASSWORD, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let rest = '';
    this.child.stdout?.on('data', (chunk: Buffer) => {
      this.text += chunk;
      const lines = (rest + String(chunk)).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line.startsWith('{')) this.lines.push(JSON.parse(line) as Line);
      for (const look of this.#waiting) look();
    });
    this.child.stderr?.on('data', (chunk: Buffer) => (this.errors += chunk));
    this.child.on('exit', () => {
      for (const look of this.#waiting) look();
    });
  }

  /** The first line of a kind, now or later. Rejects where the process ends without one. */
  line(kind: string): Promise<Line> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const found = this.lines.find((line) => line.kind === kind);
        const over = this.child.exitCode !== null || this.child.signalCode !== null;
        if (!found && !over) return;
        this.#waiting.delete(look);
        if (found) resolve(found);
        else reject(new Error(`ended without ${kind}:\n${this.text}\n${this.errors}`));
      };
      this.#waiting.add(look);
      look();
    });
  }

  /** Its exit code, or the signal that ended it. */
  async end(): Promise<number | string> {
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'exit');
    return this.child.exitCode ?? (this.child.signalCode as string);
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }
}

/** A server of the fixture's federation on `directory`. */
export const serving = (directory: string, ...options: string[]): Command =>
  new Command(['serve', CONFIG, ...options], { FEDKIT_TEST_STORE: directory });
