import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect as connectSocket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type IClientOptions, type MqttClient } from 'mqtt';
import { freePort } from './free-port.ts';
import { serverBinary } from './server-binary.ts';
import { slowness } from './slowness.ts';

/** Undefined where there is no broker: tests with one are skipped then. */
export const mosquitto: string | undefined = serverBinary('mosquitto', 'the tests with a real MQTT broker');

export interface Broker {
  readonly port: number;
  /** Connected; ended with the broker. */
  client(options?: IClientOptions): Promise<MqttClient>;
  /** Kills it; it forgets what it retained. */
  kill(): Promise<void>;
  /** Starts it again at the same port. */
  restart(): Promise<void>;
  /** Ends everything. */
  close(): Promise<void>;
}

/** Users with their passwords, and lines of the broker's access list; anyone may do anything without. */
export interface BrokerOptions {
  readonly users?: Readonly<Record<string, string>>;
  readonly access?: readonly string[];
  readonly packetBytes?: number;
}

/** A mosquitto of its own, on a free port of this machine. */
export async function startMosquitto({ users, access, packetBytes }: BrokerOptions = {}): Promise<Broker> {
  if (mosquitto === undefined) throw new Error('mosquitto is missing');
  const directory = mkdtempSync(join(tmpdir(), 'fedkit-mosquitto-'));
  const port = await freePort();
  const lines = [`listener ${port} 127.0.0.1`, 'persistence false', `allow_anonymous ${users === undefined}`];
  // Started as root it would become a user who may not read what follows.
  if (process.getuid?.() === 0) lines.push('user root');
  if (packetBytes !== undefined) lines.push(`max_packet_size ${packetBytes}`);
  if (users !== undefined) {
    const file = join(directory, 'passwords');
    const text = Object.entries(users).map(([name, password]) => `${name}:${password}\n`);
    writeFileSync(file, text.join(''));
    execFileSync('mosquitto_passwd', ['-U', file], { stdio: 'ignore' });
    chmodSync(file, 0o600);
    lines.push(`password_file ${file}`);
  }
  if (access !== undefined) {
    writeFileSync(join(directory, 'access'), `${access.join('\n')}\n`, { mode: 0o600 });
    lines.push(`acl_file ${join(directory, 'access')}`);
  }
  const configuration = join(directory, 'mosquitto.conf');
  writeFileSync(configuration, `${lines.join('\n')}\n`);

  const start = async () => {
    const child = spawn(mosquitto, ['-c', configuration], { stdio: 'ignore' });
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    await listening(port);
    return { child, ended };
  };
  let running = await start();
  const clients: MqttClient[] = [];
  const kill = async () => {
    running.child.kill('SIGKILL');
    await running.ended;
  };
  return {
    port,
    async client(options = {}) {
      const client = connect(`mqtt://127.0.0.1:${port}`, { reconnectPeriod: 50, ...options });
      clients.push(client);
      client.on('error', () => {});
      await new Promise<void>((resolve, reject) => {
        client.once('connect', () => resolve());
        client.once('error', reject);
      });
      return client;
    },
    kill,
    async restart() {
      running = await start();
    },
    async close() {
      for (const client of clients) client.end(true);
      await kill();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function listening(port: number): Promise<void> {
  for (const end = Date.now() + 10_000 * slowness(); Date.now() < end; ) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connectSocket(port, '127.0.0.1', () => {
        socket.destroy();
        resolve(true);
      });
      socket.once('error', () => resolve(false));
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error('mosquitto does not listen');
}
