// Which pages of the repository the site shows, and where they stand in its menu.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');

/** [section, [title, file in the repository, path on the site]…] */
const NAMED = [
  [
    'Start',
    [
      ['What it is', 'README.md', 'readme'],
      ['A first round', 'docs/guides/first-round.md', 'guides/first-round'],
      ['Examples', 'examples/README.md', 'examples/index'],
    ],
  ],
  [
    'Guides',
    [
      ['The private round', 'docs/guides/private-round.md', 'guides/private-round'],
      ['Privacy by a trusted server', 'docs/guides/central-privacy.md', 'guides/central-privacy'],
      ['Going offline', 'docs/guides/going-offline.md', 'guides/going-offline'],
      ['Using the model', 'docs/guides/using-the-model.md', 'guides/using-the-model'],
      ['A trainer of your own', 'docs/guides/own-trainer.md', 'guides/own-trainer'],
      ['Measuring a federation', 'docs/guides/evaluation.md', 'guides/evaluation'],
      ['Choosing ε and a codec', 'docs/guides/choosing-epsilon-and-codec.md', 'guides/choosing-epsilon-and-codec'],
      ['Language models', 'docs/guides/language-models.md', 'guides/language-models'],
      ['Checkpoints', 'docs/guides/checkpoints.md', 'guides/checkpoints'],
    ],
  ],
  [
    'Operating',
    [
      ['A deployment', 'docs/guides/deployment.md', 'guides/deployment'],
      ['Serving a federation', 'docs/guides/serving.md', 'guides/serving'],
      ['Keeping a run', 'docs/guides/keeping-a-run.md', 'guides/keeping-a-run'],
      ['Transports', 'docs/transports.md', 'transports'],
      ['Beyond one machine', 'docs/scaling.md', 'scaling'],
      ['Where the bytes are', 'docs/sizes.md', 'sizes'],
      ['Flower, both ways', 'docs/guides/flower.md', 'guides/flower'],
      [
        'Embedding secure aggregation',
        'docs/guides/embedding-secure-aggregation.md',
        'guides/embedding-secure-aggregation',
      ],
    ],
  ],
  [
    'Techniques',
    [
      ['Algorithms', 'docs/algorithms.md', 'algorithms'],
      ['Pipelines', 'docs/pipelines.md', 'pipelines'],
      ['Robust rules', 'docs/robust-rules.md', 'robust-rules'],
      ['Privacy', 'docs/privacy.md', 'privacy'],
      ['Where implementations differ', 'docs/divergences.md', 'divergences'],
      ['Beside other projects', 'docs/comparison.md', 'comparison'],
      ['Names', 'docs/names.md', 'names'],
    ],
  ],
  [
    'Protocols',
    [
      ['Threat model', 'docs/threat-model.md', 'threat-model'],
      ['Secure aggregation', 'docs/secagg-protocol.md', 'secagg-protocol'],
      ['Rounds', 'docs/round-protocol.md', 'round-protocol'],
      ['Wire format', 'docs/wire-format.md', 'wire-format'],
      ['Versions', 'docs/compatibility.md', 'compatibility'],
      ['From 0.1 to 0.2', 'docs/upgrading.md', 'upgrading'],
    ],
  ],
  [
    'Project',
    [
      ['Figures', 'bench/results/report.md', 'figures'],
      ['Tests on every engine', 'docs/engines.md', 'engines'],
      ['Contributing', 'CONTRIBUTING.md', 'contributing'],
      ['Security', 'SECURITY.md', 'security'],
      ['Licences', 'docs/licenses.md', 'licenses'],
      ['Changes', 'CHANGELOG.md', 'changelog'],
      ['Conduct', 'CODE_OF_CONDUCT.md', 'conduct'],
    ],
  ],
];

const packages = readdirSync(join(root, 'packages'))
  .filter((name) => existsSync(join(root, `packages/${name}/README.md`)))
  .map((name) => [
    JSON.parse(readFileSync(join(root, `packages/${name}/package.json`), 'utf8')).name,
    `packages/${name}/README.md`,
    `packages/${name}`,
  ]);

/** Pages of docs that nobody has put into a section yet. */
const others = readdirSync(join(root, 'docs'), { recursive: true })
  .map((name) => `docs/${name}`)
  .filter(
    (file) =>
      /^docs\/(?:guides\/)?[^/]+\.md$/.test(file) && NAMED.every(([, pages]) => pages.every(([, own]) => own !== file)),
  )
  .map((file) => [
    /^# (.*)/.exec(readFileSync(join(root, file), 'utf8'))?.[1] ?? file,
    file,
    file.replace(/^docs\//, '').replace(/\.md$/, ''),
  ]);

const project = NAMED.length - 1;

export const SECTIONS = [
  ...NAMED.slice(0, project),
  ...(others.length === 0 ? [] : [['More', others]]),
  ['Packages', packages],
  NAMED[project],
];

export const PAGES = SECTIONS.flatMap(([, pages]) => pages);
