// Runs the worker of the sources, for tests and measurements without a build.
import { register } from 'tsx/esm/api';

register();
await import('../src/executor/worker-entry.ts');
