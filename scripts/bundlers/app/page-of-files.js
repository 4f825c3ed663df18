// For bundlers that know no workers: those are entries of their own.
import { report } from './report.js';

void report(new Worker('/work.js', { type: 'module' }), '/service.js');
