// A client releases for each dealer one kind of share or the other, never both: whatever it is asked, in whatever
// order, before and after it was restored from whichever state it saved after its answer.
import { type Rng, isFedkitError, seededRng } from '@fedkit/core';
import { describe, expect, it } from 'vitest';
import { hex } from '../src/internal/bytes.ts';
import { SecAggClient, SecAggServer } from '../src/index.ts';
import { NO_INDEX, decodeMessage } from '../src/messages/header.ts';
import { encodeSurvivors, encodeSurvivorsBody } from '../src/messages/survivors.ts';
import { encodeUnmaskRequest } from '../src/messages/unmask-request.ts';
import { decodeUnmaskResponse } from '../src/messages/unmask-response.ts';
import { testingIdentities } from '../src/testing/index.ts';
import { Round, type Saves, clientOptions, configOf, ringOf } from './harness.ts';

const ids = ['c0', 'c1', 'c2', 'c3', 'c4', 'c5', 'c6', 'c7'];
const { identities, directory } = testingIdentities(ids, 'exclusive');
const base = { threshold: 5, minimumClients: 5 };

function requests(rng: Rng, count: number, places: number): boolean[][] {
  return Array.from({ length: count }, () => Array.from({ length: places }, () => rng.below(4) > 0));
}

describe.each([
  ['complete, semi-honest', configOf({ clients: 8, ...base })],
  ['complete, malicious', configOf({ clients: 8, ...base, mode: 'malicious' })],
  ['harary, semi-honest', ringOf(8, 6, 4)],
  ['harary, acknowledged', ringOf(8, 6, 5, { mode: 'semi-malicious', identities: true })],
] as const)('a client asked again and again: %s', (_, config) => {
  it('gives one set of shares, for dealers that dealt', async () => {
    const rng = seededRng(`exclusive ${config.mode} ${config.graph}`);
    const own = (id: string) => (config.identities ? { identity: identities[id], directory } : {});
    const server = new SecAggServer({ config, ...(config.identities ? { directory } : {}) });
    const round = new Round(config, own, server);
    await round.until('share');
    await round.step(['c7']);
    await round.step(['c7']);
    const complete = config.graph === 'complete';
    const signed = server.stage === 'consistency';
    let client = round.client('c0');
    const saves = round.saves.get('c0') as Saves;
    const { index } = decodeMessage(config, round.answers.get('c0') as Uint8Array);
    const answers = new Map<string, Uint8Array>();
    const places = signed || complete ? 8 : 6;
    const honest = round.sent.get('c0') as Uint8Array;
    const hostile = requests(rng, 60, places).map((survived) => {
      if (signed) return encodeSurvivors(config, encodeSurvivorsBody(survived));
      const total = survived.filter(Boolean).length;
      return encodeUnmaskRequest(config, complete ? NO_INDEX : index, {
        total: complete ? total : Math.min(8, total + 2),
        survived,
        seeds: new Uint8Array(complete ? 0 : 52 * total),
      });
    });
    for (const request of [...hostile.slice(0, 30), honest, ...hostile]) {
      try {
        const answer = (await client.receive(request)) as Uint8Array;
        answers.set(hex(answer), answer);
      } catch (error) {
        expect(isFedkitError(error)).toBe(true);
      }
      if (rng.below(3) === 0) {
        const options = { ...clientOptions(config, 'c0', own('c0')), persist: saves.persist };
        client = SecAggClient.restore({ ...options, sealedState: saves.last });
      }
    }
    expect(answers.size).toBe(1);
    if (signed) return;
    const [answer] = answers.values();
    // c0 itself in the complete graph, and its peers but c7.
    const dealers = complete ? 7 : 6 - (round.server.stage === 'unmask' && peersHold7(honest) ? 1 : 0);
    expect(decodeUnmaskResponse(decodeMessage(config, answer).body, dealers).present.length).toBe(dealers);
  });
});

/** On a ring of eight with six neighbours c0 misses one client, which may be c7. */
function peersHold7(request: Uint8Array): boolean {
  let named = 0;
  for (let bit = 0; bit < 6; bit++) named += (request[32 + 4] >> bit) & 1;
  return named < 6;
}
