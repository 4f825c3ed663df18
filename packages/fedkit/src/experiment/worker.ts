/**
 * A process that runs cells of the experiment in the file that it is given.
 *
 * @module
 */
import { inspect } from 'node:util';
import { isFedkitError } from '@fedkit/core';
import type { Cell } from './cells.ts';
import { loadExperiment } from './load.ts';
import { runCell } from './run-cell.ts';
import type { WorkerMessage } from './workers.ts';

const say = (message: WorkerMessage) => process.send?.(message);
const experiment = loadExperiment(process.argv[2]);
const task = experiment.then((loaded) => loaded.task());
// A failure is told to whoever asks for a cell.
task.catch(() => undefined);

process.on('message', (cell: Cell) => {
  void (async () => {
    try {
      const onRound = (round: number, rounds: number) => say({ round, rounds });
      say({ result: await runCell(await experiment, await task, cell, { onRound }) });
    } catch (error) {
      say(
        isFedkitError(error) ? { refused: { code: error.code, message: error.message } } : { failed: inspect(error) },
      );
    }
  })();
});
// Whoever asked is gone.
process.on('disconnect', () => process.exit());
