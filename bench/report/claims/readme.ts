// Figures of README.md.
import { type Claim, says } from '../claim.ts';
import { derived, figure, type Figure, fixed, quotient, significant } from '../figure.ts';

const page = says('README.md');
const mean = (name: string): Figure => figure(`mean/ratios/${name}`, significant(2));

/** Rounds of `bench cluster`: the command fails where one comes to another model. */
const rounds = Array.from({ length: 40 }, (_, round) => `cluster/${round}/kills`);
const total = (...kills: number[]): number => kills.reduce((sum, some) => sum + some, 0);
const flwr = (row: number): Figure => figure(`secagg-flower/rows/${row}/ratio`, fixed(0));
const channel = (row: number, digits: number): Figure =>
  figure(`experiments-compression/rows/${row}/bytesUp`, fixed(digits, 1e-6));
const accuracy = (row: number): Figure => figure(`experiments-compression/rows/${row}/final/mean`, fixed(1, 100));

export const readme: readonly Claim[] = [
  page`| float32 | ${mean('float32OfCopy')} × | ${mean('float32OfPlain')} × | ${mean('float32OfNumpy')} × |`,
  page`| reproducible (default) | ${mean('reproducibleOfCopy')} × | ${mean('reproducibleOfPlain')} × | ${mean('reproducibleOfNumpy')} × |`,
  page`| ${derived(rounds, total, fixed(0))} kills in ${derived(rounds, (...kills) => kills.length, fixed(0))} rounds on Redis and PostgreSQL`,
  page`| ${figure('cluster-scale/most', fixed(0, 1e-6))} MB at most for a million clients`,
  page`takes 1/${flwr(0)} of the time of flwr's SecAgg+, the whole round 1/${flwr(2)} `,
  page`noise for an ε in 1/${figure('accounting/questions/6/ratio', fixed(0))} of the time of dp_accounting`,
  page`${channel(4, 2)} MB up by EDEN at one bit for ${accuracy(4)} % accuracy, ${channel(0, 1)} MB plain for ${accuracy(0)} %`,
  page`LoRA step of SmolLM2-135M: ${figure('llm-smollm-step/milliseconds/step', fixed(1, 1e-3))} s of a processor, ${quotient('llm-smollm-step/peakBytes/own', 'llm-smollm-step/peakBytes/other', fixed(2))} of PyTorch's memory`,
];
