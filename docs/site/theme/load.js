import { withBase } from 'vitepress';

/** A package of ours, as the page has it. */
export function load(name) {
  return import(/* @vite-ignore */ new URL(withBase(`/play/${name}.js`), location.href).href);
}
