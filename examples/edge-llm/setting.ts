/**
 * What the story is told with.
 *
 * @module
 */
import type { Plan } from '../llm/federation.ts';
import { SMALL } from '../llm/shape.ts';

/** The model that devices get: under a third of the teacher's parameters, rows of whole blocks of 32. */
export const STUDENT = { ...SMALL, width: 32, hidden: 96 } as const;

/** How a student learns from its teacher on public text. */
export interface Distilling {
  /** Public windows, spread over all of the text. */
  readonly windows: number;
  readonly steps: number;
  readonly batchSize: number;
  readonly learningRate: number;
}

/** One story. */
export interface EdgeSetting extends Plan {
  /** Presidents, each a device. */
  readonly authors: number;
  /** Windows of each that are trained on, and held out. */
  readonly train: number;
  readonly test: number;
  /** Federations, with a student distilled anew between two of them; `rounds` is of each. */
  readonly phases: number;
  /** Of the adapter's coordinates that travel in a round. */
  readonly density: number;
  /** Of the adapter. */
  readonly rank: number;
  /** For all rounds of all phases, by president; `undefined` adds no noise. */
  readonly epsilon: number | undefined;
  readonly distilling: Distilling;
  /** Between phases. */
  readonly redistilling: Distilling;
  /** Local steps of a device that makes the model its own. */
  readonly personalSteps: number;
}

/** The demo's own. */
export const EDGE: EdgeSetting = {
  authors: 16,
  train: 240,
  test: 24,
  phases: 2,
  rounds: 8,
  steps: 8,
  batchSize: 6,
  learningRate: 1e-2,
  density: 0.005,
  rank: 16,
  epsilon: 8,
  seed: 1,
  distilling: { windows: 800, steps: 900, batchSize: 16, learningRate: 5e-3 },
  redistilling: { windows: 800, steps: 200, batchSize: 16, learningRate: 1e-3 },
  personalSteps: 48,
};

/** What `--full` compares: one thing changed at a time. */
export const FULL: Readonly<Record<string, Partial<EdgeSetting>>> = {
  '0.5 %, ε = 8': {},
  '0.5 %, no noise': { epsilon: undefined },
  '5 %, ε = 8': { density: 0.05 },
  '5 %, no noise': { density: 0.05, epsilon: undefined },
  'all, ε = 8': { density: 1 },
  'all, no noise': { density: 1, epsilon: undefined },
};
