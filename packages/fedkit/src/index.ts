/**
 * What `fedkit.config.ts` and experiments are made of, and the same server and runs without the command.
 *
 * @module
 */
export type { ProcessConfig } from './admin/processes.ts';
export { type AdminConfig, type Config, defineConfig, type FederationConfig, type ListenConfig } from './config.ts';
export { type Served, serveFederation } from './serve/serve-federation.ts';
export { cellName, type Cell, type Row } from './experiment/cells.ts';
export type {
  AlgorithmEntry,
  AnyChannel,
  AttackEntry,
  BothWays,
  ChannelContext,
  ChannelEntry,
  Comparison,
  DevicesEntry,
  Experiment,
  ExperimentDefinition,
  Grid,
  Parameters,
  Tuning,
} from './experiment/definition.ts';
export { experiment } from './experiment/experiment.ts';
export type { CellResult, Point } from './experiment/run-cell.ts';
export {
  type ExperimentProgress,
  type ExperimentResult,
  runExperiment,
  type RunOptions,
} from './experiment/run-experiment.ts';
export type { Difference, Estimate } from './experiment/statistics.ts';
export type { Reached, RowRuns, RowSummary } from './experiment/summary.ts';
export {
  type Classification,
  classification,
  type Federation,
  type Measures,
  type OpenTask,
  type Phase,
  type Split,
  type Task,
} from './experiment/task.ts';
