/**
 * What the demo writes down: `report.json`, and the same as a page.
 *
 * @module
 */
import { writeFiles } from '../report/write-files.ts';
import { reportPage } from './report-page.ts';

/** One round, by itself: bytes and seconds are not cumulative. */
export interface RoundReport {
  readonly round: number;
  /** Share of the 10,000 test digits that the global model classifies correctly. */
  readonly testAccuracy: number;
  /** Mean cross-entropy on them, in nats. */
  readonly testLoss: number;
  /**
   * What the clients of the round lost on their own digits before they trained, so with the model of the round before: mean
   * cross-entropy over all of these digits, in nats.
   */
  readonly clientLoss: number;
  /** How many digits that were. */
  readonly clientExamples: number;
  /** Mean over the clients of the L2 norm of their updates. */
  readonly updateNorm: number;
  /**
   * Bytes that clients sent: the updates as safetensors files, F32, with the number of examples in their metadata, and what they
   * measured, four values of F32.
   */
  readonly bytesUp: number;
  /** Bytes of the models that clients received: safetensors files, F32. */
  readonly bytesDown: number;
  /** Wall-clock time of the round, evaluation included. */
  readonly seconds: number;
}

/** One run. */
export interface RunReport {
  readonly split: 'iid' | 'shards';
  readonly seed: number;
  readonly learningRate: number;
  readonly rounds: readonly RoundReport[];
  /** The first round with at least this test accuracy, in percent; null if no round reached it. */
  readonly roundsTo: Readonly<Record<'90' | '95' | '97', number | null>>;
  /** SHA-256 of the final model: the same on every machine. */
  readonly modelDigest: string;
}

/** Everything. */
export interface Report {
  readonly task: string;
  readonly clients: number;
  readonly cohort: number;
  readonly localEpochs: number;
  readonly batchSize: number;
  readonly parameters: number;
  readonly platform: string;
  readonly runs: readonly RunReport[];
  /** One epoch over all the digits in one place, same model and optimizer. */
  readonly centralized: {
    readonly epochs: 1;
    readonly learningRate: number;
    readonly testAccuracy: number;
    readonly testLoss: number;
    readonly seconds: number;
  };
}

/** {@link RunReport.roundsTo} of some rounds. */
export function roundsTo(rounds: readonly RoundReport[]): RunReport['roundsTo'] {
  const first = (percent: number) => rounds.find(({ testAccuracy }) => testAccuracy >= percent / 100)?.round ?? null;
  return { 90: first(90), 95: first(95), 97: first(97) };
}

/** Writes `report.json` and `report.html` into `folder`. */
export function writeReport(folder: string, report: Report): { json: string; html: string } {
  const paths = writeFiles(folder, {
    'report.json': `${JSON.stringify(report, undefined, 2)}\n`,
    'report.html': reportPage(report),
  });
  return { json: paths['report.json'], html: paths['report.html'] };
}
