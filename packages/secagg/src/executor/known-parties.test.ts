import { describe, expect, it } from 'vitest';
import type { Party } from '../key-derivation.ts';
import { KnownParties } from './known-parties.ts';
import type { MaskTask } from './mask-task.ts';

const party = (index: number, key = index, id = index): Party => ({
  index,
  id: Uint8Array.of(id),
  publicKey: new Uint8Array(32).fill(key),
});
const taskOf = (survivors: Party[], transcript = 1): MaskTask => ({
  layout: {
    suite: 'aes-128-ctr',
    vectors: [],
    context: { session: new Uint8Array(16), round: 0, transcript: new Uint8Array(32).fill(transcript) },
  },
  selfMasks: [],
  pairMasks: [{ party: party(9), secretKey: new Uint8Array(32), survivors }],
});

describe('known parties', () => {
  it('are one object for all tasks of a round', () => {
    const known = new KnownParties();
    const [first] = known.in(taskOf([party(1), party(2)])).pairMasks[0].survivors;
    const task = taskOf([party(3), party(1)]);
    const again = known.in(structuredClone(task));
    expect(again).toEqual(task);
    expect(again.pairMasks[0].survivors[1]).toBe(first);
  });

  it('are no others than those of the task: another place, id or round', () => {
    const known = new KnownParties();
    known.in(taskOf([party(1)]));
    for (const other of [party(2, 1), party(1, 1, 5)]) {
      expect(known.in(taskOf([other])).pairMasks[0].survivors[0]).toBe(other);
    }
    const later = party(1);
    expect(known.in(taskOf([later], 2)).pairMasks[0].survivors[0]).toBe(later);
  });
});
