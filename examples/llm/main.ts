// A language model, fine-tuned by a federation: see README.md beside this file.
import { join, relative } from 'node:path';
import { abortedBySignals, runCommand } from '../command-line.ts';
import { writeFiles } from '../report/write-files.ts';
import { parseArguments, USAGE } from './arguments.ts';
import { ARMS, type ArmResult, JOBS, PROMPT, type Setting } from './arms.ts';
import { type Author, authorOf } from './authors.ts';
import { bytesOf, LENGTH, pretrained, smallModel } from './model.ts';
import { presidentTexts, readPresidents } from './presidents.ts';
import { notes, page, table } from './report.ts';
import { ATTRIBUTION, readRoles, type Role } from './shakespeare.ts';
import { servePage } from './page/build.ts';
import { loadSmollm, runSmollm, SMOLLM_PROMPT, tokenAuthors } from './smollm.ts';
import { runJobs } from './threads.ts';

const OUT = join(import.meta.dirname, '../out/llm');

async function main(): Promise<void> {
  const parsed = parseArguments(process.argv.slice(2));
  if (parsed === 'help') {
    console.log(USAGE);
    return;
  }
  const { setting, threads, shakespeare, smollm, page: port } = parsed;
  if (port !== undefined) {
    const { url } = await servePage(port);
    console.log(`A language model that learns what you type: ${url}`);
    return;
  }
  const began = Date.now();
  const { signal } = abortedBySignals();
  let texts: readonly Role[] | undefined;
  if (shakespeare !== undefined) {
    console.log(ATTRIBUTION);
    texts = await readRoles(shakespeare || undefined, console.log);
  }
  const [facts, results, prompt] =
    smollm === undefined
      ? await small(setting, threads, texts, signal)
      : await large(setting, smollm || undefined, texts, signal);
  console.log(`\n${table(results)}\n`);
  for (const line of notes(results)) console.log(line);
  const sample = (name: string) =>
    results.find((result: ArmResult) => result.name === name)?.sample.replaceAll('\n', ' ');
  console.log(`“${prompt}…” before: ${sample('base')}\n“${prompt}…” after:  ${sample('federated')}\n`);
  writeFiles(OUT, {
    'report.html': page(results, setting, facts, prompt),
    'results.json': `${JSON.stringify({ setting, results }, null, 2)}\n`,
  });
  console.log(
    `${((Date.now() - began) / 1000).toFixed(0)} s; curves and texts in ${relative(process.cwd(), join(OUT, 'report.html'))}`,
  );
}

type Outcome = [facts: string, results: readonly ArmResult[], prompt: string];

/** The byte transformer, all arms on threads. */
async function small(
  setting: Setting,
  threads: number,
  texts: readonly Role[] | undefined,
  signal: AbortSignal,
): Promise<Outcome> {
  const model = smallModel();
  const presidents = readPresidents(setting);
  const roles = texts
    ?.map(({ name, text }) => authorOf(name, bytesOf(text), setting))
    .filter((own) => own !== undefined);
  const authors = (roles ?? presidents.authors).slice(0, setting.authors);
  const { workspace } = model.memory({ batch: setting.batchSize, length: LENGTH });
  const who = texts === undefined ? 'presidents since' : "of Shakespeare's roles";
  const facts =
    `A transformer over bytes with ${model.layout.size.toLocaleString('en')} parameters, trained on addresses on the State of the Union up to 1900. ` +
    `${authors.length} ${who} hold ${setting.train * LENGTH} bytes each and train ${setting.steps} steps in each of ${setting.rounds} rounds; ` +
    `a device takes ${(workspace / 2 ** 20).toFixed(1)} MiB to train.`;
  console.log(`fedkit: ${facts}\n`);
  const { length, tokens, targets } = presidents.published;
  const some = setting.train * LENGTH;
  const published = { length, tokens: tokens.slice(0, some), targets: targets.slice(0, some) };
  const material = { start: pretrained(model), authors, published };
  const results = await runJobs(JOBS, { setting, material }, threads, signal, (message) => {
    if ('round' in message)
      console.log(`${message.job}: round ${message.round}, ${message.bits.toFixed(3)} bits a byte`);
    else if ('results' in message) {
      for (const { name, bitsPerByte } of message.results)
        console.log(`${name}: ${bitsPerByte.toFixed(3)} bits a byte`);
    }
  });
  return [facts, ARMS.map((arm) => results.find(({ name }) => name === arm) as ArmResult), PROMPT];
}

/** SmolLM2, one arm after the other. */
async function large(
  setting: Setting,
  from: string | undefined,
  texts: readonly Role[] | undefined,
  signal: AbortSignal,
): Promise<Outcome> {
  const smollm = await loadSmollm(from, console.log);
  const { model, tokenizer } = smollm;
  const authors: Author[] = tokenAuthors(texts ?? presidentTexts(), tokenizer, setting);
  const { weights, workspace } = model.memory({ batch: setting.batchSize, length: LENGTH });
  const facts =
    `SmolLM2-135M-Instruct over 4-bit weights, LoRA of rank 8 on queries and values: ${model.layout.size.toLocaleString('en')} parameters. ` +
    `${authors.map(({ name }) => name).join(', ')} hold ${setting.train * LENGTH} tokens each and train ${setting.steps} steps in each of ${setting.rounds} rounds; ` +
    `a device takes ${((weights + workspace) / 2 ** 20).toFixed(0)} MiB to train.`;
  console.log(`fedkit: ${facts}\n`);
  const results = await runSmollm(smollm, authors, setting, join(OUT, 'smollm'), console.log, signal);
  return [facts, results, SMOLLM_PROMPT];
}

await runCommand(main, USAGE);
