#!/usr/bin/env node
/**
 * The command: see command.ts.
 *
 * @module
 */
import { inspect } from 'node:util';
import { run } from './command.ts';
import { CreationError } from './create-project.ts';

try {
  process.stdout.write(run(process.argv.slice(2)));
} catch (error) {
  // A mistake of ours, or of a disk, has a trace; a refusal says all there is.
  process.stderr.write(`${error instanceof CreationError ? error.message : inspect(error)}\n`);
  process.exitCode = 1;
}
