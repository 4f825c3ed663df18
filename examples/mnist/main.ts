// Federated averaging on all of MNIST: see README.md beside this file.
import { relative } from 'node:path';
import { isFedkitError } from '@fedkit/core';
import { readMnist } from '../data/mnist.ts';
import { abortedBySignals, runCommand } from '../command-line.ts';
import { parseCommandLine, USAGE } from './arguments.ts';
import { BATCH_SIZE, CLIENTS, COHORT, EPOCHS, model } from './experiment.ts';
import { type Report, type RunReport, writeReport } from './report.ts';
import { runCentralized, runFederation } from './run.ts';
import { lineScreen, SPLITS, summary, terminalScreen } from './screen.ts';
import { startThreads, type Threads } from './threads.ts';

async function main(): Promise<void> {
  const { help, plans, threads: count, out } = parseCommandLine(process.argv.slice(2));
  if (help) {
    console.log(USAGE);
    return;
  }
  const screen = process.stdout.isTTY ? terminalScreen(process.stdout) : lineScreen((line) => console.log(line));
  const controller = abortedBySignals();
  const { signal } = controller;

  const data = readMnist();
  screen.say(
    `fedkit: federated averaging on MNIST, ${data.train.labels.length} digits on ${CLIENTS} clients, ${COHORT} a round, ` +
      `${EPOCHS} epoch in batches of ${BATCH_SIZE}\n2NN with ${model.layout.size} parameters, plain typed arrays on ${count} threads`,
  );
  const open: Threads[] = [];
  const start = (plan: (typeof plans)[number], threads: number) => {
    const started = startThreads(plan, data, threads, (reason) => controller.abort(reason));
    open.push(started);
    return started;
  };
  try {
    const runs: RunReport[] = [];
    let centralized: Promise<Report['centralized']> | undefined;
    let waiting = true;
    for (const plan of plans) {
      const laboratory = start(plan, count);
      // Beside the first rounds, on a thread of its own.
      centralized ??= runCentralized(plan, start(plan, 1), signal);
      // Awaited below; until then a failure must not count as unhandled.
      centralized
        .catch(() => {})
        .finally(() => {
          waiting = false;
        });
      screen.say(
        `${SPLITS[plan.split]}: seed ${plan.seed}, learning rate ${plan.learningRate}, until ${100 * plan.target} % or round ${plan.rounds}`,
      );
      runs.push(await runFederation(plan, laboratory, { signal, onProgress: (progress) => screen.show(progress) }));
      screen.clear();
      await laboratory.close();
    }
    if (waiting) screen.say('waiting for the centralized epoch');
    const report: Report = {
      task: 'MNIST, 2NN 784-200-200-10',
      clients: CLIENTS,
      cohort: COHORT,
      localEpochs: EPOCHS,
      batchSize: BATCH_SIZE,
      parameters: model.layout.size,
      platform: `node ${process.version}, ${count} threads`,
      runs,
      centralized: await (centralized as Promise<Report['centralized']>),
    };
    const { json, html } = writeReport(out, report);
    const [data, page] = [json, html].map((path) => relative(process.cwd(), path));
    screen.say(`\n${summary(report, plans)}\n\nreport: ${page}, data: ${data}`);
    screen.say('next: npx -y pnpm@12.21.0 demo --private, where no server sees an update');
  } catch (error) {
    screen.clear();
    throw signal.aborted && isFedkitError(error, 'ABORTED') ? signal.reason : error;
  } finally {
    await Promise.all(open.map((threads) => threads.close()));
  }
}

await runCommand(main, USAGE);
