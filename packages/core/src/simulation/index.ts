export { type ClientEngine, type ClientTask, type EngineOptions, inlineEngine, type LocalOptions } from './engine.ts';
export { iidPartition, shardPartition } from './partition.ts';
export type { FinishedRound, SimulationProgress } from './progress.ts';
export { type SimulationOptions, type SimulationResult, simulate } from './simulate.ts';
export { type Port, portEngine, servePort } from './ports.ts';
