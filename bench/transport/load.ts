// Clients, as many as one process can be: they send what real ones would, as fast as the server answers.
import { Agent, request } from 'node:http';
import { fedAvg, plainUpdates, type RoundTask, secureRng, seededRng } from '@fedkit/core';
import { decodeResponse, encodeRequest } from '@fedkit/core/protocol';
import { COHORT } from './protocol.ts';

/** Requests under way at a time. */
const TOGETHER = 4;

export class Load {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: TOGETHER });
  readonly #half;
  readonly #values: { readonly update: Float32Array };
  #client = 0;
  /** What the servers that fold or copy announce for their one round: a report is bound to it. */
  readonly announced: Uint8Array;

  constructor(parameters: number) {
    const rng = seededRng('bench transport');
    const pipeline = plainUpdates({ algorithm: fedAvg(), size: parameters });
    this.#half = pipeline.client();
    this.announced = pipeline.server().announce({ round: 1, places: COHORT, modelDigest: new Uint8Array(32) });
    this.#values = { update: Float32Array.from({ length: parameters }, () => rng.uniform() - 0.5) };
  }

  close(): void {
    this.#agent.destroy();
  }

  /** As many uploads of one report, each by another client, to a server that folds or copies. */
  async uploads(port: number, count: number): Promise<void> {
    const task = { round: 1, modelDigest: new Uint8Array(32), parameters: this.announced };
    const body = encodeRequest({ kind: 'report', ticket: 1, bytes: this.#encode(task) });
    await this.#all(count, async () => {
      await this.#post(port, `client ${this.#client++}`, body);
    });
  }

  /** As many clients in rounds of a whole server: each joins, and reports. */
  async rounds(port: number, count: number): Promise<void> {
    for (let done = 0; done < count; done += COHORT) {
      const clients = Array.from({ length: COHORT }, () => `client ${this.#client++}`);
      const tasks = new Map<string, RoundTask>();
      while (tasks.size < COHORT) {
        for (const client of clients) {
          const answer = decodeResponse(await this.#post(port, client, encodeRequest({ kind: 'join' })));
          if (answer.kind === 'task') tasks.set(client, answer.task);
        }
      }
      const [{ round, modelDigest, parameters }] = tasks.values();
      const bytes = this.#encode({ round, modelDigest, parameters });
      const reports = [...tasks].map(([client, { ticket }]) => ({
        client,
        body: encodeRequest({ kind: 'report', ticket, bytes }),
      }));
      await this.#all(COHORT, async (i) => {
        const { client, body } = reports[i];
        const answer = decodeResponse(await this.#post(port, client, body));
        if (answer.kind !== 'accepted') throw new Error(`answered ${answer.kind}`);
      });
    }
  }

  #encode(task: { round: number; modelDigest: Uint8Array; parameters: Uint8Array }): Uint8Array {
    if (this.#half.sends !== 'report') throw new Error('a pipeline of reports');
    const options = { rng: secureRng(), client: 'bench' };
    return this.#half.encode(task, { values: this.#values, weight: 3 }, options).bytes;
  }

  async #all(count: number, work: (i: number) => Promise<void>): Promise<void> {
    let next = 0;
    const worker = async (): Promise<void> => {
      while (next < count) await work(next++);
    };
    await Promise.all(Array.from({ length: TOGETHER }, worker));
  }

  #post(port: number, client: string, body: Uint8Array): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      const sent = request({
        agent: this.#agent,
        port,
        host: '127.0.0.1',
        path: '/fedkit',
        method: 'POST',
        headers: {
          authorization: `Bearer ${client}`,
          'content-type': 'application/octet-stream',
          'content-length': body.length,
        },
      });
      sent.on('error', reject);
      sent.on('response', (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          if (response.statusCode === 200) resolve(Buffer.concat(chunks));
          else reject(new Error(`status ${response.statusCode}`));
        });
      });
      sent.end(body);
    });
  }
}
