// Plain FedAvg beside a private federation, on MNIST: see README.md beside this file.
import { relative } from 'node:path';
import { abortedBySignals, runCommand } from '../command-line.ts';
import { readMnist } from '../data/mnist.ts';
import { writeFiles } from '../report/write-files.ts';
import { parseCommandLine, USAGE } from './arguments.ts';
import { enrol, type FederationKind, PROBABILITY, serverPipeline, USERS } from './experiment.ts';
import { type RoundReport, type RunReport, runFederation } from './federation.ts';
import { caveats, comparison, comparisonTable, lossOf, type Report } from './report.ts';
import { reportPage } from './report-page.ts';
import { type Population, startThreads } from './threads.ts';

const NAMES = { plain: 'plain FedAvg', private: 'private' };

async function main(): Promise<void> {
  const { help, plan } = parseCommandLine(process.argv.slice(2));
  if (help) {
    console.log(USAGE);
    return;
  }
  const controller = abortedBySignals();
  const data = readMnist();
  console.log(
    `fedkit: a private federation on MNIST beside plain FedAvg, ${USERS} users, ${Math.round(USERS * PROBABILITY)} a round, 10 % of them vanish`,
  );
  let population: Population | undefined;
  try {
    const register = enrol();
    population = startThreads({ experiment: plan, data, register }, plan.threads, (reason) => controller.abort(reason));
    const runs: RunReport[] = [];
    for (const kind of ['plain', 'private'] as const) {
      runs.push(
        await runFederation({
          kind,
          pipeline: await serverPipeline(kind, plan, register),
          experiment: plan,
          rounds: plan.rounds,
          population,
          onRound: (round) => show(kind, round, plan.rounds),
          signal: controller.signal,
        }),
      );
      if (process.stdout.isTTY) process.stdout.write('\r\x1b[2K');
    }
    const [plain, secret] = runs;
    const platform = `node ${process.version}, ${plan.threads} threads`;
    const report: Report = { experiment: plan, platform, plain, secret };
    const paths = writeFiles(plan.out, {
      'report.json': `${JSON.stringify(withoutVectors(report), undefined, 2)}\n`,
      'report.html': reportPage(report),
    });
    console.log(`\n${comparisonTable(comparison(report))}\n\n${caveats(report).join('\n')}`);
    console.log(
      `\nreport: ${relative(process.cwd(), paths['report.html'])}, data: ${relative(process.cwd(), paths['report.json'])}`,
    );
  } catch (error) {
    throw controller.signal.aborted ? controller.signal.reason : error;
  } finally {
    await population?.close();
  }
}

/** A bar that redraws itself on a terminal, one line a round elsewhere. */
function show(kind: FederationKind, report: RoundReport, rounds: number): void {
  const { round, cohort, survivors, testAccuracy, seconds, facts, abandoned } = report;
  const { server } = facts.epsilon ?? {};
  const line = [
    `${NAMES[kind]} round ${round} of ${rounds}`,
    abandoned === undefined ? `${survivors} of ${cohort} clients` : `${cohort} clients, given up`,
    `test ${(100 * testAccuracy).toFixed(1)} %`,
    ...(facts.metrics === undefined ? [] : [`users' loss ${lossOf(facts)}`]),
    ...(server === undefined ? [] : [`ε ${server.toFixed(2)}`]),
    `${seconds.toFixed(2)} s`,
  ].join('  ');
  if (process.stdout.isTTY) process.stdout.write(`\r\x1b[2K${line.slice(0, (process.stdout.columns || 80) - 1)}`);
  else console.log(line);
}

/** The report without models and pictures: numbers that another program can read. */
function withoutVectors({ plain, secret, ...rest }: Report): object {
  const bare = ({ kind, rounds, participations }: RunReport) => ({ kind, rounds, participations });
  return { ...rest, plain: bare(plain), private: bare(secret) };
}

await runCommand(main, USAGE);
