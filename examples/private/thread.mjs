// A worker thread does not inherit tsx from the process that starts it: each registers it for itself.
import { register } from 'tsx/esm/api';

register();
await import('./thread.ts');
