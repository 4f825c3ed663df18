// Every mechanism and sampler, broken on purpose in one place of its source: the checks below must notice each time. The
// same checks pass on the source as it is.
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Check, checks } from './mutation-checks.ts';

const packageRoot = join(dirname(fileURLToPath(import.meta.url)), '..');
const source = join(packageRoot, 'src');
const scratch = mkdtempSync(join(tmpdir(), 'fedkit-mutants-'));

/** A place in a source file, what it is changed to, and the check that must fail. */
type Mutant = [file: string, from: string, to: string, check: keyof typeof checks];

const mutants: Mutant[] = [
  // Signs, counts and comparisons of the samplers.
  ['sampler/block-table.ts', '-peak - offset', 'peak + offset', 'gaussianTable'],
  ['sampler/block-table.ts', '* length + negative', '* length', 'gaussianTable'],
  ['sampler/block-table.ts', '1 - gamma - 2 ** -44', '1 - gamma / 2', 'gaussianTable'],
  ['sampler/block-table.ts', 'offset === 0 || accept', 'offset >= 0 || accept', 'gaussianTable'],
  ['sampler/block-table.ts', '1 - gamma + (gamma', '1 - gamma - (gamma', 'gaussianTable'],
  ['sampler/exact-table.ts', 'while (word > this.high', 'while (word >= this.high', 'thresholds'],
  ['sampler/exact-table.ts', 'second > this.#low', 'second < this.#low', 'thresholds'],
  ['sampler/fraction.ts', '/ (count << width)', '/ ((count + 1n) << width)', 'thresholds'],
  ['sampler/discrete-gaussian.ts', 'const twice = 2 * variance', 'const twice = variance', 'gaussianTable'],
  ['sampler/discrete-gaussian.ts', 'denominator: 2n * numerator', 'denominator: numerator', 'gaussianTable'],
  ['sampler/discrete-laplace.ts', 'offset / scale', '(2 * offset) / scale', 'laplaceTable'],
  [
    'sampler/rejection.ts',
    'k++;\n  return k % 2 === 1;\n}\n\n/** {@link bernoulliExp}',
    'k++;\n  return k % 2 === 0;\n}\n\n/** {@link bernoulliExp}',
    'gaussianRejection',
  ],
  ['sampler/rejection.ts', 'return magnitude === 0 ? undefined : -magnitude', 'return -magnitude', 'laplaceRejection'],
  ['sampler/rejection.ts', 'quotient++', 'quotient', 'laplaceRejection'],
  ['sampler/rejection.ts', '* scale - variance', '* scale + variance', 'gaussianRejection'],
  [
    'sampler/words.ts',
    '>>> unused;\n        if (draw < bound) return draw;',
    '>>> unused;\n        return draw;',
    'gaussianRejection',
  ],
  ['sampler/skellam.ts', '-((outcome + 1) >>> 1)', '(outcome + 1) >>> 1', 'skellam'],
  ['sampler/skellam.ts', 'sum += (outcome', 'sum = (outcome', 'skellam'],
  // The grid and the central mechanism.
  ['mechanism/grid.ts', 'if (squares <= grid.squaredBound) return', 'if (squares >= 0) return', 'ball'],
  ['mechanism/grid.ts', 'squares += k * k;\n    }\n    if (squares <=', '}\n    if (squares <=', 'ball'],
  ['mechanism/grid.ts', 'steps * steps + size / 4', 'steps * steps + 4 * size', 'central'],
  ['mechanism/gaussian.ts', 'noise.sampler.addTo(sum.values, rng);', '', 'central'],
  [
    'mechanism/gaussian.ts',
    'sampler: discreteGaussianSampler({ variance })',
    'sampler: discreteGaussianSampler({ variance: variance / 4 })',
    'central',
  ],
  [
    'mechanism/gaussian.ts',
    'const recordNorm = Math.sqrt(grid.squaredBound)',
    'const recordNorm = Math.sqrt(grid.squaredBound) / 2',
    'central',
  ],
  ['mechanism/gaussian.ts', 'sum.released = true;', '', 'central'],
  ['mechanism/private-sum.ts', 'sum.contributions += sign;', '', 'central'],
  ['mechanism/private-sum.ts', 'Math.min(checkPositive(', 'Math.max(checkPositive(', 'central'],
  ['mechanism/statistics.ts', 'count(sum.clipped, rng)', 'sum.clipped', 'statistics'],
  // Shares of noise.
  [
    'distributed/mechanism.ts',
    'Math.sqrt(minimumSurvivors - colluders)',
    'Math.sqrt(minimumSurvivors + colluders)',
    'shares',
  ],
  [
    'distributed/mechanism.ts',
    "checkSurvivors('event', survivors) - colluders",
    "checkSurvivors('event', survivors)",
    'shares',
  ],
  ['distributed/mechanism.ts', 'variance: variance * honest', 'variance: variance', 'shares'],
  ['distributed/mechanism.ts', 'sampler.addTo(noised, rng);', '', 'shares'],
  ['distributed/rounding.ts', 'if (squares <= ball.squaredBound) {', 'if (squares >= 0) {', 'conditionalRounding'],
  ['distributed/parameters.ts', 'norm * norm + size / 4 + tail', 'norm * norm + size / 4 - tail', 'roundedNorm'],
  // Correlated noise.
  ['factorization/toeplitz.ts', '-\n      (leaving', '+\n      (leaving', 'sensitivity'],
  ['factorization/matrix.ts', 'noised[i] - (known[i]', 'noised[i] + (known[i]', 'matrix'],
  ['factorization/matrix.ts', 'recordNorm: sensitivity * recordNorm', 'recordNorm: recordNorm', 'matrix'],
  ['factorization/matrix.ts', 'sampler.addTo(noised, rng);', '', 'matrix'],
  ['factorization/tree.ts', '/ (children + 1)', '/ (children + 2)', 'tree'],
  ['factorization/tree.ts', 'sampler.addTo(estimate, rng);', '', 'tree'],
  // Clipping, auditing, training, budgets.
  ['clip/adaptive.ts', 'exp(-learningRate', 'exp(learningRate', 'adaptiveClip'],
  [
    'clip/adaptive.ts',
    'discreteGaussianSampler({ variance })',
    'discreteGaussianSampler({ variance: variance / 4 })',
    'adaptiveClip',
  ],
  ['clip/l2.ts', 'if (norm <= maxNorm) return', 'if (norm >= 0) return', 'clip'],
  ['audit/one-run.ts', 'beta + 2 * canaries', 'beta + canaries', 'oneRun'],
  ['audit/one-run.ts', 'k <= guesses; k++', 'k < guesses; k++', 'oneRun'],
  ['training/dp-sgd.ts', '>= threshold', '< threshold', 'dpSgd'],
  [
    'training/dp-sgd.ts',
    'values: mechanism.release(sum, rng).values',
    'values: Float32Array.from(sum.values)',
    'dpSgd',
  ],
  ['ledger/ledger.ts', 'if (epsilon > this.budget.epsilon)', 'if (epsilon > 2 * this.budget.epsilon)', 'budget'],
  ['ledger/account.ts', 'else known.count += body.count;', '', 'budget'],
  ['ledger/record.ts', 'body.index !== index || body.previous !== previous', 'body.index < 0', 'chain'],
];

beforeAll(() => symlinkSync(join(packageRoot, 'node_modules'), join(scratch, 'node_modules'), 'junction'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

async function run(check: Check, root: string): Promise<void> {
  await check((file: string) => import(/* @vite-ignore */ pathToFileURL(join(root, file)).href));
}

describe('the source as it is', () => {
  it.each(Object.entries(checks))('passes %s', async (_, check) => {
    await run(check, source);
  });
});

describe('a mutant', () => {
  it.each(mutants)('of %s, "%s" changed to "%s", fails', async (file, from, to, check) => {
    const text = readFileSync(join(source, file), 'utf8');
    expect(text.split(from)).toHaveLength(2);
    const root = join(scratch, `${mutants.findIndex((mutant) => mutant[0] === file && mutant[1] === from)}`);
    cpSync(source, root, { recursive: true, filter: (path) => !path.endsWith('.test.ts') });
    writeFileSync(
      join(root, file),
      text.replace(from, () => to),
    );
    await expect(run(checks[check], root)).rejects.toThrow();
  });
});
