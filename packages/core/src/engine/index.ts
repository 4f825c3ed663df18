export { clearBlobs, storeBlobs } from './blobs.ts';
export { callTask, type RemoteCall, remoteCall } from './call.ts';
export type {
  BlobStore,
  EngineJob,
  EngineProgress,
  EngineTask,
  TaskContext,
  TaskEngine,
  TaskHandler,
  TaskHandlers,
} from './contract.ts';
export { type Evaluation, evaluateTask, remoteEvaluation } from './evaluate.ts';
export { type FoldingPipeline, foldTasks } from './fold.ts';
export { frontEnd, type FrontEndOptions } from './front-end.ts';
export { inlineTasks } from './inline.ts';
export { checkJob, handlerOf } from './job.ts';
export type { RoundEngine } from './round-engine.ts';
export { decodeStructure, encodeStructure, type Structure } from './structure.ts';
export { serveTasks, threadTasks, type TaskThread, type TaskPort } from './threads.ts';
export { engineClients, trainTask } from './train.ts';
