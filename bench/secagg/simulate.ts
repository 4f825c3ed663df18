// A whole round in one process with the CPU of either side taken apart. Clients that have masked their input can be
// kept in files, so that what is left in memory is the server.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RoundConfig, SecAggClient, SecAggServer, type ServerStage } from '@fedkit/secagg';
import { acceptingPolicy } from '@fedkit/secagg/testing';

export interface Simulation {
  /** CPU milliseconds of the server by the stage it was in. */
  readonly server: Partial<Record<ServerStage, number>>;
  /** CPU milliseconds of each client that answered everything, and its bytes up and down. */
  readonly clients: { readonly cpu: number; readonly up: number; readonly down: number }[];
  readonly wallSeconds: number;
  /** Resident bytes once all clients were in files, before the masks were taken out. */
  readonly residentBytes: number;
  readonly survivors: number;
}

/** Seven different inputs, made once: those of client `place` are the one at `place` modulo 7, small enough to check the sum. */
export function makeInputs(config: RoundConfig): Record<string, Int32Array>[] {
  return Array.from({ length: 7 }, (_, kind) =>
    Object.fromEntries(
      config.vectors.map(({ name, length, bound }) => [name, new Int32Array(length).fill(kind - 3 || bound)]),
    ),
  );
}

/** Runs the round; the given clients fall silent before they send their masked input. Throws where the sum is wrong. */
export async function simulate(config: RoundConfig, dropped: ReadonlySet<number>, spill: boolean): Promise<Simulation> {
  const began = performance.now();
  const directory = spill ? mkdtempSync(join(tmpdir(), 'fedkit-secagg-')) : '';
  const sealingKey = new Uint8Array(32).fill(7);
  const cpu = Array.from({ length: config.clients }, () => ({ cpu: 0, up: 0, down: 0, answers: 0 }));
  const server: Partial<Record<ServerStage, number>> = {};
  const spent = async <T>(work: () => Promise<T>, charge: (milliseconds: number) => void): Promise<T> => {
    const start = process.cpuUsage();
    const result = await work();
    const { user, system } = process.cpuUsage(start);
    charge((user + system) / 1000);
    return result;
  };
  const onServer = <T>(work: () => Promise<T>): Promise<T> => {
    const { stage } = secure;
    return spent(work, (time) => {
      server[stage] = (server[stage] ?? 0) + time;
    });
  };
  const saved = (place: number) => join(directory, `${place}`);
  const optionsOf = (place: number) => ({
    id: `c${place}`,
    config,
    policy: acceptingPolicy(config),
    sealingKey,
    singleInstance: true,
    persist: async (state: Uint8Array) => {
      // What the next stage restores: where survivors are acknowledged there are two.
      if (spill && (secure.stage === 'input' || secure.stage === 'consistency')) writeFileSync(saved(place), state);
    },
  });
  const secure = new SecAggServer({ config });
  const inputs = makeInputs(config);
  const clients = new Map<number, SecAggClient>();
  for (let place = 0; place < config.clients; place++) {
    const client = new SecAggClient(optionsOf(place));
    clients.set(place, client);
    const message = await spent(
      () => client.start(),
      (time) => (cpu[place].cpu += time),
    );
    cpu[place].up += message.length;
    await onServer(() => secure.receive(client.id, message));
  }
  let residentBytes = 0;
  while (secure.stage !== 'finished') {
    if (secure.stage === 'unmask') {
      (globalThis as { gc?: () => void }).gc?.();
      residentBytes = process.memoryUsage.rss();
    }
    const messages = await onServer(() => secure.advance());
    for (const id of messages.keys()) {
      const place = Number(id.slice(1));
      if (secure.stage === 'input' && dropped.has(place)) {
        clients.delete(place);
        continue;
      }
      const message = (await onServer(async () => messages.get(id))) as Uint8Array;
      let client = clients.get(place);
      if (client === undefined) {
        client = SecAggClient.restore({ ...optionsOf(place), sealedState: readFileSync(saved(place)) });
      }
      const held = client;
      const input = secure.stage === 'input' ? inputs[place % inputs.length] : undefined;
      const answer = (await spent(
        () => {
          if (input !== undefined) held.setInput(input);
          return held.receive(message);
        },
        (time) => (cpu[place].cpu += time),
      )) as Uint8Array;
      cpu[place].up += answer.length;
      cpu[place].down += message.length;
      cpu[place].answers += secure.stage === 'unmask' ? 1 : 0;
      if (spill && (secure.stage === 'input' || secure.stage === 'unmask')) clients.delete(place);
      await onServer(() => secure.receive(id, answer));
    }
  }
  if (spill) rmSync(directory, { recursive: true });
  const { sums, survivors } = secure.result();
  for (const { name } of config.vectors) {
    const wanted = survivors.reduce((sum, id) => sum + inputs[Number(id.slice(1)) % inputs.length][name][0], 0);
    if (sums[name].some((value) => value !== wanted)) throw new Error('the sum is wrong');
  }
  return {
    server,
    clients: cpu.filter(({ answers }) => answers > 0),
    wallSeconds: (performance.now() - began) / 1000,
    residentBytes,
    survivors: survivors.length,
  };
}

/** Every `1/fraction`-th client. */
export function every(clients: number, fraction: number): Set<number> {
  const dropped = new Set<number>();
  for (let i = 1; i <= Math.floor(clients * fraction); i++) dropped.add(Math.ceil(i / fraction) - 1);
  return dropped;
}
