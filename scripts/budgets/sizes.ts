/**
 * docs/sizes.md: where the bytes of a bundle are. `tsx --conditions=@fedkit/source scripts/budgets/sizes.ts` writes it.
 *
 * @module
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { table } from '../../bench/shared/measure.ts';
import { type Bundle, bundleOf } from './bundle.ts';
import { BUDGETS } from './bundles.ts';

export const PAGE = join(import.meta.dirname, '../../docs/sizes.md');

/** What is told apart: the first pattern that a module's path has is its part. */
const PARTS: readonly (readonly [string, RegExp])[] = [
  ['libraries: hashes, ciphers, curves', /^node_modules\//],
  ['the device: its record, its steps, published models', /^packages\/core\/src\/device\//],
  ['what is agreed on and sent', /^packages\/core\/src\/(pipeline|protocol|algorithm|codec)\//],
  ['model files and layouts', /^packages\/core\/src\/model\//],
  ['transport', /^packages\/core\/src\/transport\//],
  ['store', /^packages\/core\/src\/store\//],
  ['training', /^packages\/core\/src\/(client|kernels)\//],
  ['the rest of core: bytes, checks, randomness, errors', /^packages\/core\//],
  ['compression', /^packages\/compression\//],
  ['secure aggregation', /^packages\/secagg\//],
  ['accounting: convolution of privacy losses', /^packages\/privacy\/src\/pld\//],
  ['accounting: events, Rényi bounds, functions', /^packages\/privacy\//],
];
const HEAVIEST = 5;

/** Each part's share of the compressed bytes, by its share of the minified ones. */
function sharesOf({ bytes, modules }: Bundle): { part: string; share: number }[] {
  const whole = modules.reduce((sum, module) => sum + module.bytes, 0);
  return PARTS.map(([part, pattern]) => {
    const own = modules.filter(({ path }) => PARTS.find(([, one]) => one.test(path))?.[1] === pattern);
    return { part, share: (own.reduce((sum, module) => sum + module.bytes, 0) / whole) * bytes };
  }).filter(({ share }) => share >= 50);
}

/** The page, as Markdown, to whole hundreds of bytes, so that it changes when something has. */
export function sizesPage(): string {
  const hundreds = (bytes: number): string => `${100 * Math.round(bytes / 100)}`;
  const sections = BUDGETS.map(({ name, lines }) => {
    const bundle = bundleOf(lines);
    const rows = sharesOf(bundle).map(({ part, share }) => [part, hundreds(share)]);
    const heaviest = bundle.modules
      .slice(0, HEAVIEST)
      .map(({ path }) => `\`${path.replace(/^packages\/(\w+)\/src\//, '$1/').replace('node_modules/', '')}\``);
    return `## ${name}

${table(['part', 'bytes compressed'], [...rows, ['all', hundreds(bundle.bytes)]])}

Of ${bundle.modules.length} modules the heaviest are ${heaviest.join(', ')}.`;
  });
  return `# Where the bytes are

What applications import, line for line, stands in [scripts/budgets/bundles.ts](../scripts/budgets/bundles.ts) with the most that
esbuild and \`gzip -9\` may make of it, held by a test. This page, written by
\`tsx --conditions=@fedkit/source scripts/budgets/sizes.ts\`, says which parts it is made of. A part’s bytes are its share of the minified
code; compressed together they take what the last row says.

${sections.join('\n\n')}
`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) writeFileSync(PAGE, sizesPage());
