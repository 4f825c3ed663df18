#!/usr/bin/env node
/**
 * The command: see command.ts.
 *
 * @module
 */
import { inspect } from 'node:util';
import { isFedkitError } from '@fedkit/core';
import { run } from './command.ts';

/** What was refused, and why: a store that fails has its reason in the cause. */
function said({ message, cause }: Error): string {
  return cause instanceof Error && !message.includes(cause.message) ? `${message}: ${said(cause)}` : message;
}

try {
  process.exitCode = await run(process.argv.slice(2));
  // What was left alone at the end, such as a write to a store that hangs, keeps no process alive.
  setTimeout(() => process.exit(), 2000).unref();
} catch (error) {
  // A mistake of ours or of a configuration's has a trace; a refusal by name says all there is.
  process.stderr.write(`${isFedkitError(error) ? said(error) : inspect(error)}\n`);
  process.exitCode = 1;
}
