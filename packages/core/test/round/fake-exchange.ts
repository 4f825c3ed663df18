/**
 * A pipeline that talks in stages like secure aggregation, and hides nothing: quick enough to kill a thousand times.
 *
 *     hello ─▶ roster ─▶ input ─▶ survivors ─▶ confirm ─▶ sum of the inputs
 *
 * @module
 */
import type { ClientId } from '../../src/aggregate/contract.ts';
import { ByteReader, ByteWriter } from '../../src/bytes.ts';
import { fedAvg, type FedAvgBroadcast, type FedAvgState, type FedAvgUpdate } from '../../src/algorithm/fed-avg.ts';
import { FedkitError } from '../../src/errors.ts';
import type { ExchangeCollector, ExchangingServer, Pipeline } from '../../src/pipeline/contract.ts';
import type { NoState } from '../../src/plain-data.ts';
import { utf8Decode, utf8Encode } from '../../src/utf8.ts';
import { contributionOf, SIZE } from './federation.ts';

const STAGES = ['hello', 'input', 'confirm', 'finished'];

export type FakePipeline = Pipeline<FedAvgState<NoState>, FedAvgBroadcast, NoState, FedAvgUpdate, FedAvgUpdate> & {
  /** Every time a round was released: by round, as a privacy ledger would charge it. */
  readonly charges: Map<number, string>;
  /** How often the list of those that are waited for was made. */
  readonly lists: { count: number };
};

/** @param answers - Whether collectors say of one client whether it is waited for, without the list. */
export function fakeExchange(minimumContributors = 2, answers = false): FakePipeline {
  const algorithm = fedAvg();
  const charges = new Map<number, string>();
  const lists = { count: 0 };
  const server: ExchangingServer<FedAvgUpdate> = {
    collects: 'exchange',
    minimumContributors,
    announce: ({ round, places }) => new ByteWriter().uint32(round).uint32(places).finish(),
    open: ({ round, persist, saved }) =>
      fakeCollector(round, minimumContributors, persist, saved, charges, lists, answers),
  };
  return {
    kind: 'secure-sum',
    algorithm,
    size: SIZE,
    terms: [['pipeline', 'fake']],
    digest: new Uint8Array(32).fill(7),
    client: () => {
      throw new Error('the test speaks for clients itself');
    },
    server: () => server,
    charges,
    lists,
  };
}

/** The message of `client` in a stage: `undefined` after the last. */
export function fakeMessage(stage: number, client: ClientId, round: number): Uint8Array {
  return new ByteWriter().uint8(stage).uint32(round).text(client).finish();
}

/** The stage that a message of the server begins. */
export const stageOf = (message: Uint8Array): number => message[0];

interface Saved {
  stage: number;
  members: string[];
  answered: string[];
  inputs: string[];
}

function fakeCollector(
  round: number,
  minimum: number,
  persist: (state: Uint8Array) => Promise<void>,
  saved: Uint8Array | undefined,
  charges: Map<number, string>,
  lists: { count: number },
  answers: boolean,
): ExchangeCollector<FedAvgUpdate> {
  let state: Saved = saved
    ? (JSON.parse(utf8Decode(saved)) as Saved)
    : { stage: 0, members: [], answered: [], inputs: [] };
  const gone = new Set<string>();
  const keep = async (next: Saved) => {
    await persist(utf8Encode(JSON.stringify(next)));
    state = next;
  };
  const refuse = (code: 'PROTOCOL_STATE' | 'DECODE_FAILED', text: string): never => {
    throw new FedkitError(code, `fake: expected ${text}, got a secret number 4711`);
  };
  const awaited = () =>
    state.stage === 0 ? [] : state.members.filter((client) => !state.answered.includes(client) && !gone.has(client));
  return {
    get stage() {
      return STAGES[state.stage];
    },
    get waitingFor() {
      lists.count++;
      return awaited();
    },
    ...(answers && { awaits: (client: string) => awaited().includes(client) }),
    get ready() {
      return state.answered.length >= minimum;
    },
    get finished() {
      return state.stage === 3;
    },
    async receive(client, message) {
      const reader = new ByteReader('fake', message);
      const stage = reader.uint8();
      if (reader.uint32() !== round || reader.text() !== client) refuse('DECODE_FAILED', 'its own message');
      // As secure aggregation does: what was taken before is taken again, and changes nothing.
      if (stage < state.stage && state.members.includes(client)) return;
      if (stage !== state.stage || state.answered.includes(client)) refuse('PROTOCOL_STATE', 'a message of this stage');
      if (stage > 0 && !state.members.includes(client)) refuse('PROTOCOL_STATE', 'a client of this stage');
      // Not kept before the stage ends, as in secure aggregation: a crash loses it.
      state = { ...state, answered: [...state.answered, client] };
    },
    leave: (client) => void gone.add(client),
    async advance() {
      if (!this.ready || state.stage === 3) refuse('PROTOCOL_STATE', 'enough answers');
      const inputs = state.stage === 1 ? state.answered : state.inputs;
      await keep({ stage: state.stage + 1, members: state.answered, answered: [], inputs });
    },
    messageFor(client) {
      if (state.stage === 0 || state.stage === 3 || !state.members.includes(client)) return undefined;
      return Uint8Array.of(state.stage);
    },
    async close() {
      if (state.stage !== 3) refuse('PROTOCOL_STATE', 'a finished exchange');
      const contributors = [...state.inputs].sort();
      const before = charges.get(round) ?? contributors.join();
      if (before !== contributors.join()) throw new Error('a round was released twice, with others in it');
      charges.set(round, contributors.join());
      const rule = fedAvg().aggregator(SIZE);
      const sum = rule.create();
      for (const client of contributors) rule.accumulate(sum, { client, ...contributionOf(client, round) });
      return { aggregate: rule.finalize(sum), contributors, facts: {} };
    },
    dispose: () => {},
  };
}
