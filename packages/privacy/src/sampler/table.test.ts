import { describe, expect, it } from 'vitest';
import { expectKept } from '../../test/expect-kept.ts';
import { insecureFixedWords, wordsOf } from '../../test/insecure-rng.ts';
import vectors from '../../test/vectors/samplers.json' with { type: 'json' };
import { discreteGaussianSampler } from './discrete-gaussian.ts';
import { discreteLaplaceSampler } from './discrete-laplace.ts';
import type { IntegerSampler } from './integer-sampler.ts';
import { skellamSampler } from './skellam.ts';

function sampler(kind: string, parameter: number): IntegerSampler {
  if (kind === 'gaussian') return discreteGaussianSampler({ variance: parameter });
  return kind === 'laplace' ? discreteLaplaceSampler({ scale: parameter }) : skellamSampler({ variance: parameter });
}

/** The order in which the tables hold the integers: 0, −1, 1, −2, 2, … */
function integerAt(outcome: number): number {
  return outcome % 2 === 1 ? -(outcome + 1) / 2 : outcome / 2;
}

describe('exact inversion', () => {
  // Every outcome's probability is fixed to 2^-95: the uniform number just below and just above each value of the
  // distribution function, which no word shorter than 96 bits can tell apart, gives the outcomes on its two sides.
  it.each(vectors.distributions)(
    '$kind($parameter) turns over at each value of F',
    ({ kind, parameter, cumulative }) => {
      const subject = sampler(kind, parameter);
      cumulative.forEach((text, outcome) => {
        const value = BigInt(text);
        expect(subject.sample(insecureFixedWords(wordsOf(value - 1n)))).toBe(integerAt(outcome));
        expect(subject.sample(insecureFixedWords(wordsOf(value + 1n)))).toBe(integerAt(outcome + 1));
      });
    },
  );

  it.each(vectors.keep)(
    'keeps offset $offset of the first block, $variance $scale',
    ({ variance, scale, offset, keep }) => {
      expectKept(
        variance === undefined
          ? discreteLaplaceSampler({ scale: scale as number })
          : discreteGaussianSampler({ variance }),
        { width: variance === undefined ? (scale as number) : Math.sqrt(variance), offset, keep: BigInt(keep) },
      );
    },
  );

  it('leaves no word unread that another draw could repeat', () => {
    const subject = discreteGaussianSampler({ variance: 1 });
    const values = new Float64Array(4);
    let fills = 0;
    let seen: Uint8Array | undefined;
    const source = insecureFixedWords([5, 2 ** 31, 77, 2 ** 30, 9, 9, 9, 9]);
    const fill = source.fill.bind(source);
    source.fill = (bytes) => {
      fills++;
      seen = bytes;
      return fill(bytes);
    };
    subject.addTo(values, source);
    expect(fills).toBe(1);
    expect(seen?.every((byte) => byte === 0)).toBe(true);
  });
});
