export type { Database, DatabaseStore } from './database.ts';
export { postgres, type PostgresOptions } from './postgres.ts';
export { type QueueTasks, queueTasks, type QueueTasksOptions } from './queue-tasks.ts';
export { type QueueWorker, queueWorker, type QueueWorkerEvent, type QueueWorkerOptions } from './queue-worker.ts';
export { redis, type RedisOptions } from './redis.ts';
