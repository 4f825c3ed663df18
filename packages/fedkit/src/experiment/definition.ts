/**
 * An experiment as it is written down: what is compared, on what, and how fairness is kept.
 *
 * @module
 */
import type { AnyAlgorithm, Layout, LinearAlgorithm, LocalTraining, Selector } from '@fedkit/core';
import type { Attack, Channel, Conditions, Devices, SimulatedDownlink } from '@fedkit/core/simulation';
import type { Split, Task } from './task.ts';

/** What is tuned, by name: of the grid that the algorithm searches. */
export type Parameters = Readonly<Record<string, number>>;

/** The values that are tried for each parameter. */
export type Grid = Readonly<Record<string, readonly number[]>>;

/** An algorithm of given parameters, and what of it is tuned beside the grid of all. */
export type AlgorithmEntry =
  | ((parameters: Parameters) => AnyAlgorithm)
  | {
      readonly make: (parameters: Parameters) => AnyAlgorithm;
      /** Parameters of its own, or other values of shared ones. */
      readonly grid?: Grid;
      /** Local training of its own, such as a single step of minibatch SGD. */
      readonly local?: (parameters: Parameters) => LocalTraining;
    };

/** How updates travel in an experiment, whatever the types of the algorithm are. */
// oxlint-disable-next-line typescript/no-explicit-any -- the types of one algorithm are nobody else's affair
export type AnyChannel = Channel<any, any, any, any, any>;

// oxlint-disable-next-line typescript/no-explicit-any -- whatever they are
type AnyLinear = LinearAlgorithm<any, any, any, any, any>;

/** What a channel is made around. */
export interface ChannelContext {
  /** As if it were linear, so that every pipeline takes it: those that only sum refuse another when the run begins. */
  readonly algorithm: AnyLinear;
  readonly layout: Layout;
  readonly parameters: Parameters;
  /** Clients in all. */
  readonly population: number;
  readonly rounds: number;
  /** For what must repeat. */
  readonly seed: string;
}

/** A channel that compresses the way down too. */
export interface BothWays {
  /** How clients' updates travel; default: as they are. */
  readonly up?: AnyChannel;
  /** What the server publishes by: `() => downlink(codec, { size: layout.size })` of `@fedkit/compression`. */
  readonly down: () => SimulatedDownlink;
}

/** How updates travel: a pipeline around the algorithm, one with a downlink, or as they are. */
export type ChannelEntry =
  | ((context: ChannelContext) => AnyChannel | BothWays | Promise<AnyChannel | BothWays>)
  | 'none';

/** Byzantine clients: a share of all in [0, 1), the same in every run of a seed. */
export type AttackEntry = (() => { readonly share: number; readonly attack: Attack }) | 'none';

/** Devices on a virtual clock, and who drops out; the seed is the run's. */
export type DevicesEntry = ((seed: string) => Partial<Devices> & { readonly conditions?: Conditions }) | 'none';

/** What is compared at the end. */
export interface Comparison {
  /** One of the names that the task's evaluation gives. */
  readonly measure: string;
  /** Default: `lowest` where the measure is named `loss`, `highest` elsewhere. */
  readonly best?: 'highest' | 'lowest';
  /** A value to be reached: rounds, bytes, virtual seconds and ε until then. A run that never does counts as not reached. */
  readonly target?: number;
  /** What all others are paired with, seed by seed; default: the first algorithm through the first channel. */
  readonly baseline?: { readonly algorithm?: string; readonly channel?: string };
  /** Evaluations at the end whose mean is a run's value; default 1. */
  readonly average?: number;
}

/** How parameters are chosen: the same number of tries for everything in the table. */
export interface Tuning {
  /** Configurations tried for each; default: of the smallest grid. Of larger grids a seeded sample. */
  readonly budget?: number;
  /** Seeds of each try, none of which the table uses; default 1. */
  readonly seeds?: number;
  /** Rounds of a try; default: those of the table. */
  readonly rounds?: number;
}

/** What {@link experiment} takes. */
export interface ExperimentDefinition {
  /** Names the folder of results. */
  readonly name: string;
  /** A sentence for the page. */
  readonly about?: string;
  /** Model, data, evaluation. */
  readonly task: Task;
  /** How data is dealt to clients, by name; left out where the task's clients have data of their own. */
  readonly splits?: Readonly<Record<string, Split>>;
  readonly algorithms: Readonly<Record<string, AlgorithmEntry>>;
  /** Default: `{ plain: 'none' }`. */
  readonly channels?: Readonly<Record<string, ChannelEntry>>;
  /** Default: `{ honest: 'none' }`. */
  readonly attacks?: Readonly<Record<string, AttackEntry>>;
  /** Default: `{ instant: 'none' }`. */
  readonly devices?: Readonly<Record<string, DevicesEntry>>;
  /** How clients train. */
  readonly local: (parameters: Parameters) => LocalTraining;
  /** How that changes with the rounds. */
  readonly schedule?: (local: LocalTraining, round: number) => LocalTraining;
  /** Clients of a round, or how they are drawn. */
  readonly cohort: number | ((population: number) => Selector);
  readonly rounds: number;
  /** Rounds between two evaluations; default 1. The last is always evaluated. */
  readonly evaluateEvery?: number;
  /** Runs of everything in the table, each with data, model and cohorts of its own that all algorithms share; default 5. */
  readonly seeds?: number;
  /** What every algorithm tunes; default: nothing. */
  readonly grid?: Grid;
  readonly tuning?: Tuning;
  readonly compare: Comparison;
}

/** A checked experiment, its defaults filled in. */
export interface Experiment extends Required<Omit<ExperimentDefinition, 'about' | 'schedule' | 'splits'>> {
  readonly about?: string;
  readonly schedule?: (local: LocalTraining, round: number) => LocalTraining;
  readonly splits: Readonly<Record<string, Split | undefined>>;
  readonly tuning: Required<Tuning>;
  readonly compare: Comparison &
    Required<Omit<Comparison, 'target' | 'baseline'>> & {
      readonly baseline: { readonly algorithm: string; readonly channel: string };
    };
}
