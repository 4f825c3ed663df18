// Figures of packages/compression/README.md.
import { type Claim, quoted, says } from '../claim.ts';
import { estimate, gap } from '../experiment-lines.ts';
import { type Figure, figure, fixed, quotient, significant } from '../figure.ts';

const PAGE = 'packages/compression/README.md';
const page = says(PAGE);

/** In multiples of a copy. */
const speed = (name: string, digits = 2): Figure =>
  quotient(`compression-speed/milliseconds/${name}`, 'compression-speed/milliseconds/copy', significant(digits));

/** A line of the training's table: accuracy in percent, megabytes up and down, and how many times less than whole models that is. */
function row(name: string, experiment: string, place: number): Claim {
  const bytes = (of: string, at = place) => `experiments-${experiment}/rows/${at}/${of}`;
  const megabytes = (of: string) => figure(bytes(of), fixed(3, 1e-6));
  const less = (of: string) => quotient(bytes(of, 0), bytes(of), fixed(1));
  const cells = [[...estimate(experiment, place, 2, 100)], ...['bytesUp', 'bytesDown'].map((of) => [megabytes(of)])];
  const times = place === 0 ? [] : ['bytesUp', 'bytes'].map((of) => [less(of), ' ×']);
  const rounds = experiment === 'compression' ? 100 : 2500;
  return quoted(PAGE, `| ${name} | ${rounds} `, ...[...cells, ...times].flatMap((cell) => ['| ', ...cell, ' ']), '|');
}

/** Names on the page, in the order of the records. */
const SCHEMES = {
  compression: [
    'none',
    'int8',
    'EDEN 4',
    'EDEN 2',
    'EDEN 1',
    'EDEN 0.5',
    'top-k 1/100',
    'top-k 1/100, error feedback',
    'SparseLoCo',
  ],
  'compression-every-step': ['none', 'STC 1/25', 'STC 1/100', 'STC 1/400'],
};

/** Points that a row of the experiment loses to no compression. */
const lost = (place: number): Figure => figure(`experiments-compression/rows/${place}/against/mean`, fixed(2, -100));
const chance = (place: number): Figure => figure(`experiments-compression/rows/${place}/against/p`, fixed(2));

const smaller = (name: string): Figure =>
  figure(`compression-rate/results/name=${name.replaceAll('/', '÷')}/laws/normal/ratio`, fixed(0));

export const compression: readonly Claim[] = [
  page`The SparseLoCo profile is ${smaller('SparseLoCo')} times smaller than float32 on normal input (146 published), STC ${smaller('stc 1/100')} times at 1/100 and`,
  page`The Walsh-Hadamard transform takes ${speed('fwht')} (${speed('fwhtPlain')}). EDEN at 4 bits takes ${speed('eden4 encode')} (${speed('eden4 encode, plain twin')}) to encode and ${speed('eden4 decode')} (${speed('eden4 decode, plain twin')}) to decode. The exact top 1 % takes ${speed('topK')}.`,
  ...Object.entries(SCHEMES).flatMap(([experiment, names]) => names.map((name, place) => row(name, experiment, place))),
  quoted(
    PAGE,
    'one-bit EDEN is at ',
    ...gap('compression', 4, 2, 100).slice(0, 2),
    ' points, p ',
    chance(4),
    ' by Holm',
  ),
  page`\`topK\` alone loses ${lost(6)} points, with error feedback ${lost(7)}, p ${chance(7)}`,
];
