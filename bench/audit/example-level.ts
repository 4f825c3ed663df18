// Audits DP-SGD as it ships: canaries are examples whose gradient is one long coordinate, and the trainer does not know.
import { type Examples, type PlainModel, type SecureRng, seededRng } from '@fedkit/core';
import { type AuditReport, auditOneRun, dpSgdTrainer, event, gaussianMechanism, pldAccountant } from '@fedkit/privacy';
import { type Canaries, splitScores } from './canaries.ts';

/** One run to audit. */
export interface ExampleLevelRun {
  readonly model: PlainModel;
  readonly examples: Examples;
  readonly canaries: Canaries;
  readonly clip: number;
  readonly noiseStd: number;
  readonly steps: number;
  readonly learningRate: number;
  readonly delta: number;
  readonly rng: SecureRng;
  /** What is really done, where it is not what is claimed. */
  readonly broken?: { readonly clip?: number; readonly noiseStd?: number };
}

/** What came out. */
export interface Audited {
  readonly claimedEpsilon: number;
  readonly report: AuditReport;
  readonly params: Float32Array;
}

/** A canary's gradient is this many clips long: without clipping it would stand out by as much. */
export const CANARY_LENGTH = 10;

/** Trains with every example in every step, so that the claim is of composition alone. */
export async function auditExampleLevel(run: ExampleLevelRun): Promise<Audited> {
  const { model, examples, canaries, clip, noiseStd, steps, learningRate, delta, rng, broken } = run;
  const real = examples.rows ?? Uint32Array.from(examples.labels.keys());
  const present = canaries.parameters.filter((_, i) => canaries.present[i] === 1);
  // Canaries stand in as rows of their own, by number beyond the real examples.
  const total = examples.labels.length + present.length;
  const inputs = new Float32Array(total * model.inputs);
  inputs.set(examples.inputs);
  const labels = new Uint8Array(total);
  labels.set(examples.labels);
  const withCanaries = {
    inputs,
    labels,
    rows: Uint32Array.from([...real, ...present.map((_, i) => examples.labels.length + i)]),
  };
  const audited: PlainModel = {
    layout: model.layout,
    inputs: model.inputs,
    classes: model.classes,
    init: (source) => model.init(source),
    evaluate: (params, on) => model.evaluate(params, on),
    lossAndGradient(params, on, rows, gradient) {
      const canary = rows[0] - examples.labels.length;
      if (canary < 0) return model.lossAndGradient(params, on, rows, gradient);
      gradient.fill(0);
      gradient[present[canary]] = CANARY_LENGTH * clip;
      return 0;
    },
  };
  const expectedBatchSize = real.length;
  const trainer = dpSgdTrainer(audited, withCanaries, {
    clip: broken?.clip ?? clip,
    noiseStd: broken?.noiseStd ?? noiseStd,
    samplingProbability: 1,
    expectedBatchSize,
    rng,
  });
  const start = model.init(seededRng('audit'));
  const { values } = await trainer.train(start, {}, { steps, batchSize: 'all', learningRate, rng });
  const claim = gaussianMechanism({ placement: 'central', size: model.layout.size, clip, noiseStd });
  const claimed = pldAccountant({ neighboring: 'add-or-remove' }).compose(event.selfComposed(claim.event, steps));
  const scores = splitScores(canaries, (parameter) => -values[parameter]);
  const report = auditOneRun({ ...scores, delta, claim: claimed });
  return { claimedEpsilon: claimed.epsilon(delta), report, params: start.map((value, i) => value + values[i]) };
}
