/**
 * The command's grammar.
 *
 * @module
 */
import { relative } from 'node:path';
import { parseArgs } from 'node:util';
import { createProject, CreationError } from './create-project.ts';
import { templates } from './templates.ts';

function usage(): string {
  return `create-fedkit <folder> --template <${templates().join('|')}>`;
}

/**
 * Runs the command of `given`, without `node` and the file's name.
 *
 * @returns What to print.
 * @throws CreationError where nothing was made.
 */
export function run(given: readonly string[], directory: string = process.cwd()): string {
  const { values, positionals } = parse(given);
  if (values.help === true) return `${usage()}\n`;
  const [folder] = positionals;
  if (positionals.length !== 1) throw new CreationError(`folder: expected one; got ${positionals.length}\n${usage()}`);
  const { template } = values;
  if (template === undefined) throw new CreationError(`--template: expected one; got none\n${usage()}`);
  const project = createProject({ folder, template, directory });
  const path = relative(directory, project.folder);
  const enter = path === '' ? '' : `cd ${/\s/.test(path) ? JSON.stringify(path) : path} && `;
  return `${project.name} is made. Now:\n\n  ${enter}npm install\n  npm test\n`;
}

function parse(given: readonly string[]): {
  readonly values: { readonly template?: string; readonly help?: boolean };
  readonly positionals: readonly string[];
} {
  const options = { template: { type: 'string', short: 't' }, help: { type: 'boolean', short: 'h' } } as const;
  try {
    return parseArgs({ args: [...given], options, allowPositionals: true }) as ReturnType<typeof parse>;
  } catch (error) {
    throw new CreationError(`${(error as Error).message}\n${usage()}`);
  }
}
