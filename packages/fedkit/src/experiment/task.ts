/**
 * What is learned: a model, data for clients, and how the model is measured.
 *
 * @module
 */
import { checkOptions, type OptionNames } from '@fedkit/core/internal';
import {
  type Examples,
  FedkitError,
  type Layout,
  type PlainModel,
  plainTrainer,
  type SeededRng,
  type Trainer,
} from '@fedkit/core';
import type { EvaluationContext, LazyClients } from '@fedkit/core/simulation';

/** Deals rows to clients: `(labels, rng) => dirichletPartition(labels, { clients: 100, alpha: 0.1 }, rng)`. */
export type Split = (labels: ArrayLike<number>, rng: SeededRng) => readonly Uint32Array[];

/** What a run measures, by name. */
export type Measures = Readonly<Record<string, number>>;

/** Clients and a model to begin with. */
export interface Federation {
  readonly layout: Layout;
  /** Shape [d]. */
  readonly initial: Float32Array;
  readonly clients: readonly Trainer[] | LazyClients;
  /** Measures a model: in tuning on what the table never sees. */
  evaluate(params: Float32Array, context: EvaluationContext<unknown, unknown, unknown>): Measures | Promise<Measures>;
}

/** What a run is for. Tuning sees other clients than the table, and is measured on other data. */
export type Phase = 'tuning' | 'table';

/** A model and data, opened once a process. */
export interface OpenTask {
  /**
   * The federation of one seed.
   *
   * @param options.rng - All its chance; the same for every algorithm, channel, attack and device.
   */
  federation(options: {
    readonly split?: Split;
    readonly rng: SeededRng;
    readonly phase: Phase;
  }): Federation | Promise<Federation>;
}

/** Opens it: reads the data. A worker does so once. */
export type Task = () => OpenTask | Promise<OpenTask>;

/** What {@link classification} takes. */
export interface Classification {
  readonly model: PlainModel;
  /** Dealt to clients. */
  readonly train: Examples;
  /** Measures the table's runs. */
  readonly test: Examples;
  /** The share of the training rows that tuning gets, in (0, 1); the table gets the rest. Default ½, so that both have clients alike. */
  readonly tuningShare?: number;
  /** The share of tuning's rows that measure it instead of being dealt out, in (0, 1); default 0.1. */
  readonly validationShare?: number;
  /** The trainer of a client; default: `plainTrainer`. */
  readonly trainer?: (examples: Examples) => Trainer;
}

/**
 * A classifier on labelled examples: `accuracy` and `loss` on the test set in the table, and on rows held out of tuning's clients
 * in tuning. Which rows are whose follows from no seed, so no run of the table trains on a row that tuning saw.
 *
 * @throws FedkitError `OUT_OF_RANGE` for shares that leave nobody anything, `INVALID_ARGUMENT` without a split.
 */
export function classification(options: Classification): OpenTask {
  checkOptions('classification', options, {
    model: true,
    train: true,
    test: true,
    tuningShare: true,
    validationShare: true,
    trainer: true,
  } satisfies OptionNames<typeof options>);
  const { model, train, test, tuningShare = 0.5, validationShare = 0.1 } = options;
  for (const [name, share] of Object.entries({ tuningShare, validationShare })) {
    if (!(share > 0 && share < 1))
      throw new FedkitError('OUT_OF_RANGE', `classification: ${name}: expected a share in (0, 1), got ${share}`);
  }
  const trainer = options.trainer ?? ((examples: Examples) => plainTrainer(model, examples));
  const all = train.rows ?? Uint32Array.from(train.labels, (_, row) => row);
  // Every k-th row by a fixed stride of the golden ratio: spread over the file, whatever order it has.
  const tuned: number[] = [];
  const table: number[] = [];
  all.forEach((row, i) => ((i * 0.618_033_988_749_895) % 1 < tuningShare ? tuned : table).push(row));
  const held = Math.max(1, Math.floor(validationShare * tuned.length));
  const validation = Uint32Array.from(
    tuned.filter((_, i) => Math.floor((i * held) / tuned.length) !== Math.floor(((i + 1) * held) / tuned.length)),
  );
  const measured = new Set(validation);
  const rows = { tuning: Uint32Array.from(tuned.filter((row) => !measured.has(row))), table: Uint32Array.from(table) };
  return {
    federation({ split, rng, phase }) {
      if (!split) throw new FedkitError('INVALID_ARGUMENT', 'classification: expected a split in `splits`, got none');
      const own = rows[phase];
      const labels = own.map((row) => train.labels[row]);
      const parts = split(labels, rng.fork('split'));
      const on = phase === 'table' ? test : { ...train, rows: validation };
      return {
        layout: model.layout,
        initial: model.init(rng.fork('model')),
        clients: parts.map((part) => trainer({ ...train, rows: part.map((place) => own[place]) })),
        evaluate: (params) => model.evaluate(params, on),
      };
    },
  };
}
