// The API reference of every entry of every package, in out/. Fails on a broken link and on an exported name without a word
// about it.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Application, OptionDefaults, ReflectionKind } from 'typedoc';

const packages = join(import.meta.dirname, '../packages');

/** The source of each entry that the packages' manifests export. */
const entryPoints = readdirSync(packages).flatMap((name) => {
  const { exports } = JSON.parse(readFileSync(join(packages, name, 'package.json'), 'utf8'));
  const sources = Object.values(exports).map((entry) => entry['@fedkit/source']);
  return sources.filter((source) => source?.endsWith('.ts')).map((source) => join(packages, name, source));
});

const application = await Application.bootstrap({
  name: 'fedkit',
  entryPointStrategy: 'resolve',
  entryPoints: [...new Set(entryPoints)],
  tsconfig: join(import.meta.dirname, 'tsconfig.json'),
  out: join(import.meta.dirname, 'out'),
  readme: 'none',
  disableSources: true,
  excludePrivate: true,
  excludeInternal: true,
  blockTags: [...OptionDefaults.blockTags, '@complexity'],
  // What is documented is checked below, on what the declarations say themselves: typedoc's own check passes names whose
  // members are documented.
  validation: { notExported: false, invalidLink: true, notDocumented: false },
});
const project = await application.convert();
if (!project) process.exit(1);
application.validate(project);

const NAMES = [
  ReflectionKind.Function,
  ReflectionKind.Class,
  ReflectionKind.Interface,
  ReflectionKind.TypeAlias,
  ReflectionKind.Variable,
];
const says = (reflection) => reflection.comment?.hasVisibleComponent() ?? false;
const names = NAMES.flatMap((kind) => project.getReflectionsByKind(kind));
const silent = names.filter((name) => !says(name) && !name.signatures?.some(says));
for (const name of silent) console.error(`undocumented: ${name.getFullName()}`);
console.log(`${entryPoints.length} entries, ${names.length} names, ${silent.length} undocumented`);

await application.generateOutputs(project);
if (silent.length > 0 || application.logger.hasErrors() || application.logger.hasWarnings()) process.exitCode = 1;
