/**
 * The templates: the folders beside the code.
 *
 * @module
 */
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Where they lie. @internal */
export const TEMPLATES: string = fileURLToPath(new URL('../templates', import.meta.url));

/** Names of the templates that there are, in alphabetical order. */
export function templates(): string[] {
  return readdirSync(TEMPLATES, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}
