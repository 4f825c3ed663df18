import { describe, expect, it } from 'vitest';
import { contextOf } from '../../test/support.ts';
import { contraction, eden, errorFeedback, randomK, topK } from '../index.ts';

/*
 * What error feedback remembers is no part of a sum on the server: a residual that was lost, or one that was kept although its message
 * counted, since the acknowledgement never came, is an error of that size once. It must not move the model for good.
 */
const SIZE = 32;
const CLIENTS = 3;
const ROUNDS = 500;
const targets = Array.from({ length: CLIENTS }, (_, i) =>
  Float64Array.from({ length: SIZE }, (_value, c) => Math.sin(5 * i + c) + 0.2 * i),
);
const optimum = targets[0].map((_, c) => targets.reduce((sum, target) => sum + target[c], 0) / CLIENTS);

/** The distance to the optimum after gradient descent through a codec with feedback, as client 0 fares in each round. */
function descend(
  codec: Parameters<typeof errorFeedback>[0],
  rounds: number,
  fate: (round: number) => 'heard' | 'unheard' | 'wiped',
): number {
  const memories = targets.map(() => errorFeedback(codec, { size: SIZE }));
  const model = new Float64Array(SIZE).fill(3);
  for (let round = 0; round < rounds; round++) {
    const steps = targets.map((target) => Float32Array.from(target, (value, c) => 0.02 * (value - model[c])));
    if (fate(round) === 'wiped') memories[0] = errorFeedback(codec, { size: SIZE });
    steps.forEach((step, i) => {
      const context = contextOf(`${round} ${i}`);
      const pending = memories[i].encode(step, context);
      codec.decode(pending.bytes, context).forEach((value, c) => (model[c] += value / CLIENTS));
      if (i === 0 && fate(round) === 'unheard') pending.rollback();
      else pending.commit();
    });
  }
  return Math.hypot(...model.map((value, c) => value - optimum[c]));
}

describe.each([
  ['top 10 %', topK({ density: 0.1 })],
  ['EDEN-½', contraction(eden({ bits: 0.5 }))],
  ['random-k .2', contraction(randomK({ density: 0.2 }))],
])('error feedback of %s', (_name, codec) => {
  const whole = descend(codec, ROUNDS, () => 'heard');
  it.each(['unheard', 'wiped'] as const)('forgets rounds that went %s', (fate) => {
    expect(whole).toBeLessThan(0.6);
    const hurt = descend(codec, ROUNDS, (round) => (round < 150 && round % 3 === 0 ? fate : 'heard'));
    expect(hurt).toBeLessThan(1.5 * whole + 0.02);
  });

  it('stays in a ball while acknowledgements go on being lost', () => {
    const going = descend(codec, ROUNDS, (round) => (round % 3 === 0 ? 'unheard' : 'heard'));
    expect(going).toBeLessThan(3 * whole + 0.02);
  });
});
