/**
 * Metrics as a vector that adds: what clients fill in, and what a server reads from their sum.
 *
 *     a group    1, n/N, n·clip(x₁)/(N·B₁), …        n ≤ N examples, each x a mean over them, all entries in [−1, 1]
 *                and for each histogram one entry a bin, 1 in that of the client's mean
 *     a slot     the group of whoever measures, ‖Δ‖/B where norms are, then the other groups, 0 where they do not apply
 *
 * @module
 */
import { checkInteger, checkOptions, checkPositive, checkVector, type OptionNames, refuse } from '../check.ts';

/** One metric of a round, over all examples of those who took part. */
export interface RoundMetric {
  /** Σ over clients of their examples times their mean, each clipped. */
  readonly sum: number;
  /** `sum` over the examples; for `updateNorm`, over the clients. */
  readonly mean: number;
  /** Under noise: its share of the standard error of `mean`, √(σ_S² + mean²·σ_N²)/N for a sum S over N. */
  readonly standardError?: number;
  /** How the clients' own means are spread, where `histograms` names the metric. */
  readonly histogram?: MetricHistogram;
}

/** How many clients' means lie in which bin; under noise no whole numbers. */
export interface MetricHistogram {
  /** Ascending; bin i holds means in [edges[i−1], edges[i]), the first all below, the last all from the last edge on. */
  readonly edges: readonly number[];
  /** One more than there are edges. */
  readonly clients: readonly number[];
}

/** What some clients measured. */
export interface MeasuredGroup {
  /** Clients that measured; under noise no whole number. */
  readonly clients: number;
  /** Their examples, each client's up to `maximumExamples`. */
  readonly examples: number;
  readonly metrics: Readonly<Record<string, RoundMetric>>;
}

/** What a round's clients measured of the global model. */
export interface RoundMetrics extends MeasuredGroup {
  /** Where `personal` is asked for: of each client's own model, by the clients that have one. */
  readonly personal?: MeasuredGroup;
  /** In evaluation rounds: of the global model, by the clients that have not trained, whose data it has not seen. */
  readonly heldOut?: MeasuredGroup;
}

/** What one client measures on its own held-out examples. */
export interface Measured {
  /** How many examples were looked at, ≥ 1. */
  readonly examples: number;
  /** By metric: the mean over them, finite. */
  readonly means: Readonly<Record<string, number>>;
}

/** What metrics both sides agree on. */
export interface MetricsTerms {
  /** By metric: the largest magnitude of a client's mean; what is beyond is clipped. Default `{ loss: 10 }`. */
  readonly bounds?: Readonly<Record<string, number>>;
  /** N: a client with more examples counts as so many. Default 10,000. */
  readonly maximumExamples?: number;
  /** By metric: the inner edges of a histogram of the clients' means, ascending; k edges make k + 1 bins. */
  readonly histograms?: Readonly<Record<string, readonly number[]>>;
}

/** @internal */
export const METRICS_TERMS: OptionNames<MetricsTerms> = { bounds: true, maximumExamples: true, histograms: true };

/** The slot of an update that holds the metrics. */
export type MetricsSlot = { readonly metrics: Float32Array };

/** Who measured what: the global model by whoever takes part, or one of the groups beside. */
export type MetricsGroup = 'personal' | 'heldOut';

const UPDATE_NORM = 'updateNorm';

/** Denominators of fewer of their own standard errors say nothing. */
const LEAST_DEVIATIONS = 3;

/** What a slot of metrics looks like. */
export class MetricsFormat {
  /** Values of the slot. */
  readonly size: number;
  readonly names: readonly string[];
  readonly #where: string;
  readonly #bounds: Readonly<Record<string, number>>;
  readonly #maximumExamples: number;
  readonly #maximumNorm: number | undefined;
  readonly #histograms: readonly (readonly [name: string, edges: readonly number[]])[];
  readonly #groups: readonly MetricsGroup[];
  /** Values of one group. */
  readonly #group: number;

  /** @throws FedkitError `INVALID_ARGUMENT`, `OUT_OF_RANGE`. */
  constructor(where: string, terms: MetricsTerms, maximumNorm: number | undefined, groups: readonly MetricsGroup[]) {
    const { bounds = { loss: 10 }, maximumExamples = 10_000, histograms = {} } = terms;
    this.names = Object.keys(bounds).sort();
    for (const name of this.names) checkPositive(`${where}: bounds.${name}`, bounds[name]);
    if (this.names.includes(UPDATE_NORM)) {
      refuse('INVALID_ARGUMENT', `${where}: bounds`, `maximumNorm for ${UPDATE_NORM}`, UPDATE_NORM);
    }
    checkInteger(`${where}: maximumExamples`, maximumExamples, 1);
    if (maximumNorm !== undefined) checkPositive(`${where}: maximumNorm`, maximumNorm);
    checkOptions(`${where}: histograms`, histograms, Object.fromEntries(this.names.map((name) => [name, true])));
    for (const [name, edges] of Object.entries(histograms)) checkEdges(`${where}: histograms.${name}`, edges);
    this.#where = where;
    this.#bounds = bounds;
    this.#maximumExamples = maximumExamples;
    this.#maximumNorm = maximumNorm;
    this.#histograms = this.names.flatMap((name) =>
      Object.hasOwn(histograms, name) ? [[name, histograms[name]]] : [],
    );
    this.#groups = groups;
    const bins = this.#histograms.reduce((sum, [, edges]) => sum + edges.length + 1, 0);
    this.#group = 2 + this.names.length + bins;
    this.size = this.#group * (1 + groups.length) + (maximumNorm === undefined ? 0 : 1);
  }

  /** What both sides must have alike. */
  get options(): Readonly<Record<string, string | number>> {
    return {
      metrics: this.names.map((name) => `${name} ≤ ${this.#bounds[name]}`).join(', '),
      'metrics: maximumExamples': this.#maximumExamples,
      ...(this.#maximumNorm !== undefined && { 'metrics: maximumNorm': this.#maximumNorm }),
      ...(this.#groups.length > 0 && { 'metrics: groups': this.#groups.join(', ') }),
      ...Object.fromEntries(
        this.#histograms.map(([name, edges]) => [`metrics: histogram of ${name}`, edges.join(', ')]),
      ),
    };
  }

  /**
   * One client's values.
   *
   * @param own - The group that the measurement counts in: `undefined` is that of whoever takes part.
   */
  encode(measured: readonly (readonly [own: MetricsGroup | undefined, Measured])[], norm: number): Float32Array {
    const values = new Float32Array(this.size);
    for (const [own, one] of measured) this.#fill(values.subarray(this.#start(own)), one);
    if (this.#maximumNorm !== undefined) values[this.#group] = clipped(norm / this.#maximumNorm);
    return values;
  }

  /** @param noiseStd - Standard deviation of the noise on each value. */
  read(metrics: Float32Array, noiseStd: number): RoundMetrics | undefined {
    const values = checkVector(`${this.#where}: metrics`, metrics, this.size);
    const [own, ...others] = [undefined, ...this.#groups].map((group) =>
      this.#readGroup(values.subarray(this.#start(group)), noiseStd),
    );
    const beside = this.#groups.flatMap((group, i) => (others[i] ? [[group, others[i]]] : []));
    if (own === undefined && beside.length === 0) return undefined;
    const { clients, examples, metrics: found } = own ?? { clients: 0, examples: 0, metrics: {} };
    const ofNorms =
      this.#maximumNorm === undefined
        ? undefined
        : ratio({ sum: values[this.#group], unit: this.#maximumNorm, count: clients, countUnit: 1 }, noiseStd);
    const all = { ...found, ...(ofNorms && { [UPDATE_NORM]: ofNorms }) };
    return { clients, examples, metrics: all, ...Object.fromEntries(beside) };
  }

  #start(group: MetricsGroup | undefined): number {
    if (group === undefined) return 0;
    return this.#group * (1 + this.#groups.indexOf(group)) + (this.#maximumNorm === undefined ? 0 : 1);
  }

  #fill(values: Float32Array, { examples, means }: Measured): void {
    const where = `${this.#where}: evaluate`;
    const count = Math.min(checkInteger(`${where}: examples`, examples, 1), this.#maximumExamples);
    values[0] = 1;
    values[1] = count / this.#maximumExamples;
    for (const [i, name] of this.names.entries()) {
      const mean: unknown = Object.hasOwn(means, name) ? means[name] : undefined;
      if (typeof mean !== 'number') refuse('INVALID_ARGUMENT', `${where}: means.${name}`, 'a number', mean);
      if (!Number.isFinite(mean)) refuse('OUT_OF_RANGE', `${where}: means.${name}`, 'a finite number', mean);
      values[2 + i] = clipped(mean / this.#bounds[name]) * values[1];
    }
    let bin = 2 + this.names.length;
    for (const [name, edges] of this.#histograms) {
      const above = edges.findIndex((edge) => means[name] < edge);
      values[bin + (above < 0 ? edges.length : above)] = 1;
      bin += edges.length + 1;
    }
  }

  #readGroup(values: Float32Array, noiseStd: number): MeasuredGroup | undefined {
    const [clients, share] = values;
    const unit = this.#maximumExamples;
    const examples = share * unit;
    if (noiseStd === 0 && !(clients > 0 && examples > 0)) return undefined;
    const histograms = this.#readHistograms(values);
    const found: Record<string, RoundMetric> = {};
    for (const [i, name] of this.names.entries()) {
      const most = unit * this.#bounds[name];
      const metric = ratio({ sum: values[2 + i], unit: most, count: examples, countUnit: unit }, noiseStd);
      const histogram = histograms.get(name);
      if (metric) found[name] = { ...metric, ...(histogram && { histogram }) };
    }
    return { clients, examples, metrics: found };
  }

  #readHistograms(values: Float32Array): ReadonlyMap<string, MetricHistogram> {
    let bin = 2 + this.names.length;
    return new Map(
      this.#histograms.map(([name, edges]) => {
        const clients = [...values.subarray(bin, bin + edges.length + 1)];
        bin += edges.length + 1;
        return [name, { edges: [...edges], clients }];
      }),
    );
  }
}

/** A sum, in units, over a count, both known up to noise of `noiseStd` times their units: by the delta method. */
function ratio(
  { sum, unit, count, countUnit }: { sum: number; unit: number; count: number; countUnit: number },
  noiseStd: number,
): RoundMetric | undefined {
  const total = sum * unit;
  if (noiseStd === 0) return { sum: total, mean: total / count };
  if (count < LEAST_DEVIATIONS * noiseStd * countUnit) return undefined;
  // One client's mean is within the bound, and so is the mean over all.
  const most = unit / countUnit;
  const mean = Math.max(-most, Math.min(most, total / count));
  const variance = (unit * noiseStd) ** 2 + (mean * noiseStd * countUnit) ** 2;
  return { sum: total, mean, standardError: Math.sqrt(variance) / count };
}

function checkEdges(where: string, edges: unknown): void {
  const good = Array.isArray(edges) && edges.length > 0 && edges.every((edge) => Number.isFinite(edge));
  const ascends = good && edges.every((edge: number, i) => i === 0 || edge > (edges[i - 1] as number));
  if (!ascends) refuse('INVALID_ARGUMENT', where, 'one or more finite numbers, ascending', edges);
}

function clipped(value: number): number {
  return Math.max(-1, Math.min(1, value));
}
