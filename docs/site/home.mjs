/** What VitePress calls the front matter of its home page. */
export const HOME = {
  layout: 'home',
  hero: {
    name: 'fedkit',
    text: 'Federated learning as a library',
    tagline:
      'Train one model on data that never leaves the devices that hold it. In TypeScript, on Node, Bun, Deno, browsers and React Native, with one result to the last bit.',
    actions: [
      { theme: 'brand', text: 'Start in five minutes', link: '/guides/first-round' },
      { theme: 'alt', text: 'Run it in this page', link: '/playground' },
      { theme: 'alt', text: 'What it is', link: '/readme' },
    ],
  },
  features: [
    {
      title: 'The same bytes everywhere',
      details: 'Averages do not depend on the order of clients, on sharding, or on the engine.',
      link: '/readme',
    },
    {
      title: 'Sums alone',
      details:
        'Secure aggregation with dropouts: a server that lies sees no input and no sum of fewer clients than the policy says, as its proofs state.',
      link: '/secagg-protocol',
    },
    {
      title: 'Certified ε',
      details: 'The accountant returns both sides of a proof. Noise is exact, in integers.',
      link: '/epsilon',
    },
    {
      title: 'Honest bytes',
      details: 'Codecs write messages within a few percent of their entropy. Try yours beside them.',
      link: '/codecs',
    },
    {
      title: 'Language models',
      details: 'Adapters over quantized bases, trained on the device within 5 MB a round.',
      link: '/guides/language-models',
    },
    {
      title: 'With Flower',
      details: 'A page joins a Flower federation; Python nodes join yours.',
      link: '/guides/flower',
    },
  ],
};
