import { report } from './report.js';

void report(new Worker(new URL('./work.js', import.meta.url), { type: 'module' }), '/service.js');
