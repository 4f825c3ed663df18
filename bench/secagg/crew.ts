// The clients of a simulated round, here or in processes of their own, and what they spend. Clients that have masked their input can be
// kept in files, so that what is left in memory is the server.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type RoundConfig, SecAggClient, type ServerStage } from '@fedkit/secagg';
import { acceptingPolicy } from '@fedkit/secagg/testing';

/** What a client sends, and the CPU milliseconds that it took. */
export interface Said {
  readonly message: Uint8Array;
  readonly cpu: number;
}

/** Clients by their place. */
export interface Crew {
  /** How many may work at once. */
  readonly lanes: number;
  start(place: number): Promise<Said>;
  answer(place: number, stage: ServerStage, message: Uint8Array): Promise<Said>;
  /** One that falls silent. */
  drop(place: number): void;
  end(): Promise<void>;
}

/** Seven different inputs, made once: those of client `place` are the one at `place` modulo 7, small enough to check the sum. */
export function makeInputs(config: RoundConfig): Record<string, Int32Array>[] {
  return Array.from({ length: 7 }, (_, kind) =>
    Object.fromEntries(
      config.vectors.map(({ name, length, bound }) => [name, new Int32Array(length).fill(kind - 3 || bound)]),
    ),
  );
}

export async function spent<T>(work: () => Promise<T>, charge: (milliseconds: number) => void): Promise<T> {
  const start = process.cpuUsage();
  const result = await work();
  const { user, system } = process.cpuUsage(start);
  charge((user + system) / 1000);
  return result;
}

/** Clients of this process. With `spill` those that have masked their input wait in files. */
export function crewHere(config: RoundConfig, spill: boolean): Crew {
  const directory = spill ? mkdtempSync(join(tmpdir(), 'fedkit-secagg-')) : '';
  const saved = (place: number) => join(directory, `${place}`);
  const sealingKey = new Uint8Array(32).fill(7);
  const inputs = makeInputs(config);
  const clients = new Map<number, SecAggClient>();
  let now: ServerStage = 'advertise';
  const optionsOf = (place: number) => ({
    id: `c${place}`,
    config,
    policy: acceptingPolicy(config),
    sealingKey,
    singleInstance: true,
    persist: async (state: Uint8Array) => {
      // What the next stage restores: where survivors are acknowledged there are two.
      if (spill && (now === 'input' || now === 'consistency')) writeFileSync(saved(place), state);
    },
  });
  const said = async (work: () => Promise<Uint8Array | undefined>): Promise<Said> => {
    let cpu = 0;
    const message = (await spent(work, (time) => (cpu = time))) as Uint8Array;
    return { message, cpu };
  };
  return {
    lanes: 1,
    start(place) {
      const client = new SecAggClient(optionsOf(place));
      clients.set(place, client);
      return said(() => client.start());
    },
    async answer(place, stage, message) {
      now = stage;
      const client =
        clients.get(place) ?? SecAggClient.restore({ ...optionsOf(place), sealedState: readFileSync(saved(place)) });
      const input = stage === 'input' ? inputs[place % inputs.length] : undefined;
      const answer = await said(() => {
        if (input !== undefined) client.setInput(input);
        return client.receive(message);
      });
      if (spill && (stage === 'input' || stage === 'unmask')) clients.delete(place);
      return answer;
    },
    drop: (place) => void clients.delete(place),
    async end() {
      if (spill) rmSync(directory, { recursive: true });
    },
  };
}

/** What a process of clients is asked; each but `end` is answered in the order of asking. */
export type Asked =
  | { readonly kind: 'config'; readonly config: RoundConfig }
  | { readonly kind: 'start' | 'drop'; readonly place: number }
  | { readonly kind: 'answer'; readonly place: number; readonly stage: ServerStage; readonly message: Uint8Array }
  | { readonly kind: 'end' };

/** Clients in as many processes as there are processors, waiting in files once they have masked their input. */
export function crewApart(config: RoundConfig): Crew {
  const processes = Array.from({ length: cpus().length }, () => new Remote(config));
  const of = (place: number): Remote => processes[place % processes.length];
  return {
    // While the server takes one answer of a process, that process is at its next.
    lanes: 2 * processes.length,
    start: (place) => of(place).ask({ kind: 'start', place }),
    answer: (place, stage, message) => of(place).ask({ kind: 'answer', place, stage, message }),
    drop: (place) => void of(place).ask({ kind: 'drop', place }),
    end: async () => void (await Promise.all(processes.map((one) => one.end()))),
  };
}

class Remote {
  readonly #child: ChildProcess;
  readonly #waiting: { readonly resolve: (said: Said) => void; readonly reject: (error: Error) => void }[] = [];

  constructor(config: RoundConfig) {
    this.#child = fork(fileURLToPath(new URL('client-process.ts', import.meta.url)), {
      execArgv: process.execArgv,
      serialization: 'advanced',
    });
    this.#child.on('message', (said) => this.#waiting.shift()?.resolve(said as Said));
    this.#child.once('exit', (code) => {
      for (const { reject } of this.#waiting.splice(0)) reject(new Error(`a process of clients ended with ${code}`));
    });
    void this.ask({ kind: 'config', config });
  }

  ask(asked: Asked): Promise<Said> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#child.send(asked);
    });
  }

  async end(): Promise<void> {
    const gone = once(this.#child, 'exit');
    this.#child.send({ kind: 'end' } satisfies Asked);
    await gone;
  }
}
