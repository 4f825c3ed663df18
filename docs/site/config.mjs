import { readFileSync } from 'node:fs';

const SECTIONS = JSON.parse(readFileSync(new URL('sections.json', import.meta.url), 'utf8'));

/** VitePress's configuration; copied beside the assembled pages. */
export default {
  title: 'fedkit',
  description: 'Federated learning as a library, in TypeScript, on every engine.',
  lang: 'en',
  cleanUrls: false,
  // The reference and the bundles are files of their own.
  ignoreDeadLinks: [/^\/reference\//],
  head: [['link', { rel: 'icon', href: 'data:,' }]],
  markdown: { theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' } },
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    nav: [
      { text: 'Start', link: '/guides/first-round' },
      { text: 'Playground', link: '/playground' },
      {
        text: 'Explorers',
        items: [
          { text: 'Codecs', link: '/codecs' },
          { text: 'ε over rounds', link: '/epsilon' },
        ],
      },
      { text: 'Figures', link: '/figures' },
      { text: 'Reference', link: '/reference/index.html', target: '_self' },
    ],
    // Without `collapsed`: a section that folds is a button around a button.
    sidebar: SECTIONS.map(([text, pages]) => ({
      text,
      items: pages.map(([title, , path]) => ({ text: title, link: `/${path.replace(/index$/, '')}` })),
    })),
  },
};
