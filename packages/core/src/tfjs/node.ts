/**
 * For Node without a bundler: the gradients of `@tensorflow/tfjs-core`.
 *
 * `tfjs-core` registers no gradient by itself, and the module that registers all of them imports its neighbours without
 * file extensions, which bundlers, Bun and Vitest resolve and Node does not.
 *
 * @module
 */

const HOOKS = `
const inCore = (url) => url?.includes('/@tensorflow/tfjs-core/dist/') && !url.includes('/dist/tf-core.');
const bare = (specifier) => specifier.startsWith('.') && !specifier.endsWith('.js');
export const resolve = (specifier, context, next) =>
  next(inCore(context.parentURL) && bare(specifier) ? specifier + '.js' : specifier, context);
export const load = (url, context, next) => next(url, inCore(url) ? { ...context, format: 'module' } : context);
`;

let registered: Promise<unknown> | undefined;

/**
 * Registers the gradients of all operations with the `@tensorflow/tfjs-core` that this package resolves to; copies of the
 * same version share their registry. Works in plain Node and under tsx; in Bun it is the plain import. Calling it again is
 * harmless. Takes about half a second.
 */
export async function registerGradients(): Promise<void> {
  registered ??= (async () => {
    const loader = await import('node:module');
    loader.register?.(`data:text/javascript,${encodeURIComponent(HOOKS)}`);
    // @ts-ignore: the file carries no types where a project does not resolve them.
    await import('@tensorflow/tfjs-core/dist/register_all_gradients.js');
  })();
  await registered;
}
