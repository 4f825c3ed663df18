// A language model, fine-tuned by a federation: see README.md beside this file.
import { join, relative } from 'node:path';
import { abortedBySignals, runCommand } from '../command-line.ts';
import { writeFiles } from '../report/write-files.ts';
import { parseArguments, USAGE } from './arguments.ts';
import { ARMS, type ArmResult, PROMPT } from './arms.ts';
import { pretrained, smallModel } from './model.ts';
import { readPresidents } from './presidents.ts';
import { page, table } from './report.ts';
import { runArms } from './threads.ts';

async function main(): Promise<void> {
  const parsed = parseArguments(process.argv.slice(2));
  if (parsed === 'help') {
    console.log(USAGE);
    return;
  }
  const { setting, threads } = parsed;
  const began = Date.now();
  const model = smallModel();
  const authors = readPresidents(setting).authors.slice(0, setting.authors);
  const { workspace } = model.memory({ batch: setting.batchSize, length: authors[0].train.length });
  const facts =
    `A transformer over bytes with ${model.layout.size.toLocaleString('en')} parameters, trained on addresses on the State of the Union up to 1900. ` +
    `${authors.length} presidents since hold ${setting.train * authors[0].train.length} bytes each and train ${setting.steps} steps in each of ${setting.rounds} rounds; ` +
    `a device takes ${(workspace / 2 ** 20).toFixed(1)} MiB to train.`;
  console.log(`fedkit: ${facts}\n`);
  const { signal } = abortedBySignals();
  const results = await runArms(
    ARMS,
    { setting, material: { start: pretrained(model), authors } },
    threads,
    signal,
    (message) => {
      if ('round' in message)
        console.log(`${message.arm}: round ${message.round}, ${message.bits.toFixed(3)} bits a byte`);
      else if ('result' in message) console.log(`${message.arm}: ${message.result.bitsPerByte.toFixed(3)} bits a byte`);
    },
  );
  console.log(`\n${table(results)}\n`);
  const sample = (name: string) =>
    results.find((result: ArmResult) => result.name === name)?.sample.replaceAll('\n', ' ');
  console.log(`“${PROMPT}…” before: ${sample('base')}\n“${PROMPT}…” after:  ${sample('federated')}\n`);
  const out = join(import.meta.dirname, '../out/llm');
  writeFiles(out, {
    'report.html': page(results, setting, facts),
    'results.json': `${JSON.stringify({ setting, results }, null, 2)}\n`,
  });
  console.log(
    `${((Date.now() - began) / 1000).toFixed(0)} s; curves and texts in ${relative(process.cwd(), join(out, 'report.html'))}`,
  );
}

await runCommand(main, USAGE);
