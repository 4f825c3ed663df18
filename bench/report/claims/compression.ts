// Figures of packages/compression/README.md.
import { type Claim, says } from '../claim.ts';
import { derived, type Figure, figure, fixed, quotient, significant } from '../figure.ts';

const page = says('packages/compression/README.md');

/** In multiples of a copy. */
const speed = (name: string, digits = 2): Figure =>
  quotient(`compression-speed/milliseconds/${name}`, 'compression-speed/milliseconds/copy', significant(digits));

/** A row of the training's table: how each run ends, beside the one without compression. */
function row(name: string): Claim {
  const run = `compression/runs/name=${name.replaceAll('/', '÷')}`;
  const [up, down] = [`${run}/points/last/bytesUp`, `${run}/points/last/bytesDown`];
  const [allUp, allDown] = [up, down].map((key) => key.replace(run, 'compression/runs/name=none'));
  const less = quotient(allUp, up, fixed(1));
  const inAll = derived([allUp, allDown, up, down], (a, b, c, d) => (a + b) / (c + d), fixed(1));
  const numbers = page` | ${figure(`${run}/rounds`, fixed(0))} | ${figure(`${run}/points/last/accuracy`, fixed(2, 100))} | ${figure(up, fixed(3, 1e-6))} | ${figure(down, fixed(3, 1e-6))} | ${less} × | ${inAll} × |`;
  return { ...numbers, pieces: [`| ${name}${numbers.pieces[0]}`, ...numbers.pieces.slice(1)] };
}

const schemes = [
  'none',
  'none, every step',
  'FedAvg int8',
  'STC 1/25',
  'STC 1/100',
  'STC 1/400',
  'EDEN 4',
  'EDEN 2',
  'EDEN 1',
  'EDEN 0.5',
  'top-k 1/100',
  'top-k 1/100, error feedback',
  'SparseLoCo',
];

const smaller = (name: string): Figure =>
  figure(`compression-rate/results/name=${name.replaceAll('/', '÷')}/laws/normal/ratio`, fixed(0));

export const compression: readonly Claim[] = [
  page`The SparseLoCo profile is ${smaller('SparseLoCo')} times smaller than float32 on normal input (146 published), STC ${smaller('stc 1/100')} times at 1/100 and`,
  page`The Walsh-Hadamard transform takes ${speed('fwht')} (${speed('fwhtPlain')}). EDEN at 4 bits takes ${speed('eden4 encode')} (${speed('eden4 encode, plain twin')}) to encode and ${speed('eden4 decode')} (${speed('eden4 decode, plain twin')}) to decode. The exact top 1 % takes ${speed('topK')}.`,
  ...schemes.map(row),
];
