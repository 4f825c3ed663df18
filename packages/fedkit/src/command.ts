/**
 * The command's grammar. What a command does stands in a file of its own; a further one is a line here.
 *
 * @module
 */
import { createRequire } from 'node:module';
import { Command } from 'commander';
import { codecCommand, type CodecCommandOptions } from './codec/codec-command.ts';
import { type BenchOptions, benchCommand } from './experiment/bench-command.ts';
import { serveCommand } from './serve/command.ts';
import { type StoreAction, storeCommand } from './store-command.ts';

const { version } = createRequire(import.meta.url)('../package.json') as { version: string };

const STORE: Readonly<Record<StoreAction, string>> = {
  verify: 'read everything a run has stored, and check every checksum and what the log names',
  backup: 'copy a run, which may go on meanwhile, and whatever lies beside it',
  restore: 'put a backup into an empty directory',
  migrate: 'copy a run that an earlier version stored into an empty directory, as this version keeps it',
};

/** Runs the command of `arguments`, without `node` and the file's name. @returns The exit code. */
export async function run(given: readonly string[], directory: string = process.cwd()): Promise<number> {
  let code = 0;
  const program = new Command('fedkit').description(
    'Federated learning: serve a federation, look after its store, run experiments',
  );
  program.version(version).showHelpAfterError();
  program
    .command('serve')
    .description('serve the federation of fedkit.config.ts or .js')
    .argument('[config]', 'another file')
    .option('--no-flags', "stay in this process, without V8's flags for servers")
    .action(async (config: string | undefined, { flags }: { flags: boolean }) => {
      code = await serveCommand(config, { flags, directory });
    });
  program
    .command('bench')
    .description('run an experiment: tuned alike, on all cores, resumed where it stopped')
    .argument('<file>', 'a module whose default export is an experiment')
    .option('--out <directory>', 'where results go; default <name>-results')
    .option('--workers <count>', 'processes; default one a core')
    .option('--fresh', 'forget what earlier runs left')
    .option('--quiet', 'no progress')
    .action(async (file: string, options: BenchOptions) => {
      code = await benchCommand(file, directory, options);
    });
  program
    .command('codec')
    .description('a codec of your own beside ours: bits and error on five laws and on a saved update')
    .argument('[file]', 'a module whose default export is a codec, or codecs by name; default: ours alone')
    .option('--update <file>', 'a .safetensors or .npy file to encode too')
    .option('--size <values>', 'values of each law; default 65536')
    .option('--json', 'print JSON')
    .action(async (file: string | undefined, options: CodecCommandOptions) => {
      code = await codecCommand(file, directory, options);
    });
  const store = program.command('store').description("look after a run's directory");
  for (const action of Object.keys(STORE) as StoreAction[]) {
    const command = store.command(action).description(STORE[action]).argument('<directory>', 'where the run is');
    if (action !== 'verify') command.argument('<into>', 'a directory without files');
    command.option('--json', 'print the report as JSON');
    command.action(async (from: string, ...rest: unknown[]) => {
      const into = action === 'verify' ? undefined : (rest[0] as string);
      const { json = false } = rest[action === 'verify' ? 0 : 1] as { json?: boolean };
      code = await storeCommand(action, from, into, { json });
    });
  }
  await program.parseAsync([...given], { from: 'user' });
  return code;
}
