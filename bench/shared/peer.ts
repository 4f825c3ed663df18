// A peer as a child process that answers each line on its input with one line on its output.
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface Peer {
  /** The line the peer wrote on its start: its versions. */
  readonly greeting: string;
  /** Sends one line and returns the peer's answer. */
  ask(line: string): Promise<string>;
  end(): void;
}

/** Starts `script` with the interpreter in PYTHON, or python3; `undefined` where it, or what it imports, is missing. */
export function startPeer(script: string, ...options: string[]): Promise<Peer | undefined> {
  return startProgram(process.env.PYTHON ?? 'python3', script, ...options);
}

/** Starts a program; `undefined` where it is missing, or ends without a line. */
export async function startProgram(program: string, ...options: string[]): Promise<Peer | undefined> {
  const child: ChildProcess = spawn(program, options, { stdio: ['pipe', 'pipe', 'ignore'] });
  const { stdin, stdout } = child;
  if (stdin === null || stdout === null) return undefined;
  const lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
  const gone = new Promise<undefined>((resolve) => child.once('error', () => resolve(undefined)));
  const greeting = await Promise.race([lines.next(), gone]);
  if (greeting === undefined || greeting.done === true) return undefined;
  return {
    greeting: greeting.value,
    async ask(line) {
      stdin.write(`${line}\n`);
      const answer = await lines.next();
      if (answer.done === true) throw new Error(`${options[0]} ended without an answer to ${line}`);
      return answer.value;
    },
    end: () => stdin.end(),
  };
}
