// Digests of what accountants and calibrations compute, which two parties compare and ledgers keep. Plain JavaScript: Node, Bun,
// Deno, Hermes and Chromium run this very file; scripts/engines.mjs does.
import { sha256Hex } from '@fedkit/core/internal';

/** SHA-256 over numbers as little-endian float64. */
function digest(numbers) {
  const view = new DataView(new ArrayBuffer(8 * numbers.length));
  for (let i = 0; i < numbers.length; i++) {
    if (!Number.isFinite(numbers[i])) throw new Error(`number ${i} is ${numbers[i]}`);
    view.setFloat64(8 * i, numbers[i], true);
  }
  return sha256Hex(new Uint8Array(view.buffer));
}

const delta = 1e-5;

function events({ event }) {
  const gaussian = event.gaussian({ noiseStd: 1.1, recordNorm: 1 });
  const laplace = event.laplace({ scale: 2, recordNorm: 1 });
  return [
    ['Gaussian', gaussian, 10, 'replace-one'],
    ['Laplace', laplace, 7, 'add-or-remove'],
    ['discrete Gaussian', event.discreteGaussian({ noiseStd: 2.5, recordNorm: 1, dimension: 1 }), 5, 'add-or-remove'],
    ['discrete Laplace', event.discreteLaplace({ scale: 3, recordNorm: 1 }), 5, 'add-or-remove'],
    ['randomized response', event.randomizedResponse({ noiseProbability: 0.3, buckets: 4 }), 6, 'replace-one'],
    ['sampled Gaussian', event.poissonSampled(0.01, gaussian), 1000, 'add-or-remove'],
    ['sampled Gaussian, replaced', event.poissonSampled(0.02, gaussian), 300, 'replace-one'],
    ['sampled Laplace', event.poissonSampled(0.1, laplace), 40, 'add-or-remove'],
    [
      'mixture',
      event.mixtureOfGaussians({ noiseStd: 1, norms: [0, 0.5, 1], probabilities: [0.9, 0.06, 0.04] }),
      50,
      'add-or-remove',
    ],
  ];
}

function accountants(privacy) {
  const digests = {};
  for (const [name, event, count, neighboring] of events(privacy)) {
    const pld = privacy.pldAccountant({ neighboring }).compose(event, count);
    const { lower, upper } = pld.epsilonBounds(delta);
    const power = privacy.truePositiveRate(pld, 0.01);
    digests[`accountant: ${name}`] = digest([
      lower,
      upper,
      pld.delta(0.5 * upper),
      pld.delta(2 * upper),
      power.lower,
      power.upper,
    ]);
  }
  const { event, rdpAccountant } = privacy;
  const sampled = event.poissonSampled(0.01, event.gaussian({ noiseStd: 1, recordNorm: 1 }));
  const rdp = rdpAccountant({ neighboring: 'add-or-remove' })
    .compose(sampled, 1000)
    .compose(event.skellam({ variance: 400, recordNorm: 5, recordNormL1: 30 }))
    .compose(event.zcdp({ rho: 0.02 }));
  digests['accountant: Rényi'] = digest([rdp.epsilon(delta), rdp.delta(3), rdp.renyiDivergence(7.5)]);
  return digests;
}

function calibrations(privacy) {
  const { event, calibrateNoiseStd, calibrateSamplingProbability, calibrateSteps } = privacy;
  const target = { epsilon: 2, delta, neighboring: 'add-or-remove' };
  const released = (probability, noiseStd, rounds) => {
    const gaussian = event.gaussian({ noiseStd, recordNorm: 1 });
    return event.selfComposed(probability < 1 ? event.poissonSampled(probability, gaussian) : gaussian, rounds);
  };
  const sigma = (sensitivity, epsilon) => privacy.analyticGaussianSigma({ sensitivity, epsilon, delta });
  return {
    'calibration: ten releases': digest([calibrateNoiseStd({ ...target, event: (std) => released(1, std, 10) })]),
    'calibration: sampled': digest([calibrateNoiseStd({ ...target, event: (std) => released(0.01, std, 1000) })]),
    'calibration: by Rényi': digest([
      calibrateNoiseStd({ ...target, accountant: 'rdp', event: (std) => released(0.01, std, 1000) }),
    ]),
    'calibration: probability, steps': digest([
      calibrateSamplingProbability({ ...target, event: (q) => released(Math.min(q, 0.5), 1, 200) }),
      calibrateSteps({ ...target, event: released(0.02, 1.2, 1) }),
    ]),
    'calibration: analytic': digest([0.1, 1, 8].flatMap((epsilon) => [sigma(1, epsilon), sigma(1 / 3, epsilon)])),
    'calibration: adaptive clip': digest([
      privacy.adaptiveClipNoiseStd({ noiseStd: 0.7, clipNorm: 1 / 3, countStd: 5 }),
    ]),
  };
}

function mechanisms(privacy, seededRng) {
  const clipping = privacy.adaptiveClipping({ expectedClients: 100 });
  const rng = seededRng('clip');
  const clips = [];
  let state = clipping.init();
  for (let round = 0; round < 50; round++) {
    ({ state } = clipping.step(state, (round % 7) * 10 - 30, rng));
    clips.push(state.clip);
  }
  const found = { canaries: 1000, guesses: 100, correct: 80 };
  return {
    'mechanism: adaptive clips': digest(clips),
    'mechanism: rounded norms': digest([
      privacy.roundedNormBound({ norm: 100, size: 5056, beta: 0.6065306597126334 }),
      privacy.standardDeviationsFor(1e-6),
    ]),
    'mechanism: factorization': digest([...privacy.optimalToeplitzCoefficients(64)]),
    'audit: one run': digest([
      privacy.oneRunPValue(found, { epsilon: 1, delta }),
      privacy.oneRunEpsilon(found, { delta, confidence: 0.95 }),
    ]),
  };
}

/**
 * Name → SHA-256 in hex.
 *
 * @param modules - `privacy`, `seededRng`: from src or dist.
 */
export function privacyGolden({ privacy, seededRng }) {
  return { ...accountants(privacy), ...calibrations(privacy), ...mechanisms(privacy, seededRng) };
}
