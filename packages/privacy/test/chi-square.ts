/**
 * A bound that a chi-square variable exceeds with probability at most 1e-6: Laurent and Massart, "Adaptive estimation of a
 * quadratic functional by model selection" (2000), Lemma 1: P(X ≥ k + 2√(kx) + 2x) ≤ e^(−x).
 */
export function chiSquareLimit(degrees: number): number {
  const x = Math.log(1e6);
  return degrees + 2 * Math.sqrt(degrees * x) + 2 * x;
}

/**
 * Pearson's statistic of integer samples against a probability mass function, cells of small expectation pooled so that
 * every cell expects at least 50: the statistic is then chi-square to the accuracy these tests need.
 */
export function chiSquare(
  samples: ArrayLike<number>,
  mass: (k: number) => number,
  reach: number,
): { statistic: number; limit: number } {
  const counts = new Map<number, number>();
  for (let i = 0; i < samples.length; i++) counts.set(samples[i], (counts.get(samples[i]) ?? 0) + 1);
  let statistic = 0;
  let cells = 0;
  let observed = 0;
  let expected = 0;
  let remainingObserved = samples.length;
  let remainingExpected = samples.length;
  const close = () => {
    statistic += (observed - expected) ** 2 / expected;
    cells++;
    remainingObserved -= observed;
    remainingExpected -= expected;
    observed = 0;
    expected = 0;
  };
  for (let k = -reach; k <= reach; k++) {
    observed += counts.get(k) ?? 0;
    expected += samples.length * mass(k);
    if (expected >= 50 && remainingExpected - expected >= 50) close();
  }
  observed = remainingObserved;
  expected = remainingExpected;
  close();
  return { statistic, limit: chiSquareLimit(cells - 1) };
}
