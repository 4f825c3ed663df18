// A server says whose parts of the joint seed came in time, and each set of them gives another ring: how many it may choose from.
import { describe, expect, it } from 'vitest';
import { acceptingPolicy } from '../src/testing/index.ts';
import { Round, ringOf } from './harness.ts';

const config = ringOf(10, 6, 4);

/** A round in which the parts of `missing` have not come, for clients that take at most `most` missing ones. */
async function afterReveal(missing: readonly string[], most?: number) {
  const limit = most === undefined ? {} : { maximumMissingParts: most };
  const policy = { ...acceptingPolicy(config), ...limit };
  const round = new Round(config, () => ({ policy }));
  await round.until('reveal');
  await round.answer();
  for (const id of missing) round.answers.delete(id);
  await round.deliver();
  round.sent = new Map(await round.server.advance());
  return round;
}

describe('parts that are missing', () => {
  it.each<[string[], number | undefined]>([
    [[], 0],
    [['c3'], 1],
    [['c3', 'c5'], 2],
    [['c3', 'c5'], undefined],
  ])('are taken up to the most of the policy: %j of %s', async (missing, most) => {
    const round = await afterReveal(missing, most);
    await round.until('finished', missing);
    expect(round.server.result().survivors.length).toBe(10 - missing.length);
  });

  it.each<[string[], number]>([
    [['c3'], 0],
    [['c3', 'c5'], 1],
  ])('are refused beyond it, before a share is dealt: %j of %s', async (missing, most) => {
    const round = await afterReveal(missing, most);
    for (const [id, message] of round.sent) {
      await expect(round.client(id).receive(message)).rejects.toMatchObject({
        code: 'THRESHOLD_NOT_MET',
        details: { what: 'revealed parts', least: 10 - most, got: 10 - missing.length },
      });
    }
  });

  it('are a number', () => {
    const policy = { ...acceptingPolicy(config), maximumMissingParts: -1 };
    expect(() => new Round(config, () => ({ policy }))).toThrow(expect.objectContaining({ code: 'OUT_OF_RANGE' }));
  });
});
