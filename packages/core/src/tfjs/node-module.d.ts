/** The one thing of Node that this package names, so that its types need no `@types/node`. */
declare module 'node:module' {
  export const register: ((specifier: string) => void) | undefined;
}
