// Research group 8: holders that release other shares than they were dealt, dealers that deal badly, and who is named.
import { describe, expect, it } from 'vitest';
import { HEADER_BYTES } from '../src/messages/header.ts';
import { Round, configOf, ringOf } from './harness.ts';

const refusal = (code: string) => expect.objectContaining({ code });
const config = configOf({ clients: 9, threshold: 4, minimumClients: 4 });

/** A round before its last message, with shares of `liars` about the dealers at `places` changed. */
async function lied(
  liars: readonly string[],
  places: readonly number[],
  silent: readonly string[] = [],
): Promise<Round> {
  const round = await new Round(config).until('input');
  await round.step(silent);
  await round.answer(silent);
  for (const id of liars) {
    const bytes = (round.answers.get(id) as Uint8Array).slice();
    for (const place of places) bytes[HEADER_BYTES + 36 + 2 + 36 * place + 4] ^= 1;
    round.answers.set(id, bytes);
  }
  await round.deliver();
  return round;
}

describe('wrong shares', () => {
  it('of two among nine holders are corrected, and the pairs are named', async () => {
    // c8 is dropped, so its place asks for the other kind; c0 and c5 are among the first t or not.
    const round = await lied(['c0', 'c5'], [1, 8], ['c8']);
    await round.server.advance();
    expect(round.server.result().sums.update).toEqual(Round.sum(round.ids.slice(0, 8)));
    expect(round.server.suspects).toContainEqual({ dealer: 'c1', holder: 'c0', kind: 'selfMask', found: 'wrong' });
    expect(round.server.suspects.every(({ holder }) => ['c0', 'c5'].includes(holder))).toBe(true);
    expect(JSON.stringify(round.server.suspects).length).toBeLessThan(500);
  });

  it('of the mask key alone are found by the advertised key', async () => {
    const round = await lied(['c0', 'c5'], [8], ['c8']);
    await round.server.advance();
    expect(round.server.suspects).toEqual(
      ['c0', 'c5'].map((holder) => ({ dealer: 'c8', holder, kind: 'maskKey', found: 'wrong' })),
    );
  });

  it('of three among nine leave no sum, by name of the dealer', async () => {
    const round = await lied(['c0', 'c1', 'c2'], [3]);
    await expect(round.server.advance()).rejects.toThrow(/at most 2 of 9 wrong/);
    await expect(round.server.advance()).rejects.toMatchObject({
      code: 'AUTHENTICATION_FAILED',
      details: { client: 'c3', shares: 9, correctable: 2 },
    });
    expect(() => round.server.result()).toThrow(refusal('PROTOCOL_STATE'));
  });

  it('without redundancy leave no sum', async () => {
    const small = configOf({ clients: 4, threshold: 4, minimumClients: 4 });
    const round = await new Round(small).until('unmask');
    const bytes = ((await round.answer()).get('c0') as Uint8Array).slice();
    bytes[HEADER_BYTES + 36 + 1] ^= 1;
    round.answers.set('c0', bytes);
    await round.deliver();
    await expect(round.server.advance()).rejects.toThrow(refusal('AUTHENTICATION_FAILED'));
  });

  it('on a ring are corrected neighbour by neighbour', async () => {
    const round = await new Round(ringOf(10, 8, 4)).until('unmask');
    const bytes = ((await round.answer()).get('c4') as Uint8Array).slice();
    for (let place = 0; place < 8; place++) bytes[HEADER_BYTES + 36 + 1 + 36 * place] ^= 1;
    round.answers.set('c4', bytes);
    await round.deliver();
    await round.server.advance();
    expect(round.server.result().sums.update).toEqual(Round.sum(round.ids));
    expect(round.server.suspects.length).toBeGreaterThan(0);
    expect(round.server.suspects.every(({ holder }) => holder === 'c4')).toBe(true);
  });
});

describe('a dealer', () => {
  it('that committed to another seed is named, and no sum is given', async () => {
    const round = await new Round(config).until('share');
    const bytes = ((await round.answer()).get('c3') as Uint8Array).slice();
    bytes[HEADER_BYTES] ^= 1;
    round.answers.set('c3', bytes);
    await round.deliver();
    round.sent = new Map(await round.server.advance());
    await round.until('unmask');
    await expect(round.until('finished')).rejects.toMatchObject({
      code: 'AUTHENTICATION_FAILED',
      details: { client: 'c3' },
    });
  });

  it('whose shares nobody can open is named with each holder', async () => {
    const round = await new Round(config).until('share');
    const bytes = ((await round.answer()).get('c3') as Uint8Array).slice();
    for (let place = 0; place < 3; place++) bytes[HEADER_BYTES + 36 + 104 * place + 60] ^= 1;
    round.answers.set('c3', bytes);
    await round.deliver();
    round.sent = new Map(await round.server.advance());
    await round.until('finished');
    expect(round.server.result().sums.update).toEqual(Round.sum(round.ids));
    expect(round.server.suspects).toEqual(
      ['c0', 'c1', 'c2'].map((holder) => ({ dealer: 'c3', holder, kind: 'selfMask', found: 'missing' })),
    );
  });
});
