// Clients as a soak has them: they ask whichever server they know of, again and again, and remember what they were told.
import { Agent, request } from 'node:http';
import type { Rng } from '@fedkit/core';
import { decodeResponse, encodeRequest, type Request, type Response, type RoundTask } from '@fedkit/core/protocol';
import { reportOf } from './federation.ts';

/** Requests as they were sent, for whoever replays them. */
export interface Recorded {
  readonly client: string;
  readonly body: Uint8Array;
}

const agent = new Agent({ keepAlive: true, maxSockets: 200 });
const MOST_RECORDED = 2000;

export function post(port: number, client: string, body: Uint8Array, timeout = 4000): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const headers = { 'x-client': client, 'content-type': 'application/octet-stream', 'content-length': body.length };
    const sent = request({ agent, port, host: '127.0.0.1', path: '/fedkit', method: 'POST', headers, timeout });
    sent.on('error', reject);
    sent.on('timeout', () => sent.destroy(new Error('no answer')));
    sent.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        if (response.statusCode === 200) resolve(Buffer.concat(chunks));
        else reject(new Error(`status ${response.statusCode}`));
      });
    });
    sent.end(body);
  });
}

export class Client {
  readonly name: string;
  /** Rounds whose report was acknowledged, with the ticket. */
  readonly acknowledged = new Map<number, number>();
  /** Rounds for which a report was sent at all. */
  readonly sent = new Set<number>();
  readonly #ports: () => readonly number[];
  readonly #rng: Rng;
  readonly #recorded: Recorded[];

  constructor(name: string, rng: Rng, ports: () => readonly number[], recorded: Recorded[]) {
    this.name = name;
    this.#ports = ports;
    this.#rng = rng;
    this.#recorded = recorded;
  }

  /** Takes part until told to stop; a report that was begun is brought to its end. */
  async run(stopped: () => boolean): Promise<void> {
    let task: RoundTask | undefined;
    while (!stopped()) {
      const asked: Request = task
        ? { kind: 'report', ticket: task.ticket, bytes: reportOf(this.name, task) }
        : { kind: 'join' };
      if (task) this.sent.add(task.round);
      const response = await this.#ask(asked).catch(() => undefined);
      if (response?.kind === 'task') {
        task = response.task;
      } else if (response?.kind === 'accepted' && task) {
        this.acknowledged.set(task.round, task.ticket);
        // An acknowledgement that is lost: the same again must be the same again.
        if (this.#rng.below(8) !== 0) task = undefined;
      } else if (response?.kind === 'late' || (response?.kind === 'refused' && response.code !== 'UNAVAILABLE')) {
        task = undefined;
      }
      await new Promise((resolve) => setTimeout(resolve, 20 + this.#rng.below(80)));
    }
  }

  async #ask(asked: Request): Promise<Response> {
    const ports = this.#ports();
    const port = this.#rng.below(6) === 0 ? ports[this.#rng.below(ports.length)] : ports[ports.length - 1];
    const body = encodeRequest(asked);
    if (this.#recorded.length < MOST_RECORDED) this.#recorded.push({ client: this.name, body });
    return decodeResponse(await post(port, this.name, body));
  }
}
