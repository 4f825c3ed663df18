// Figures of packages/secagg/README.md: one recorded run each, the one on the quietest machine.
import { type Claim, says } from '../claim.ts';
import { derived, type Figure, figure, fixed, significant } from '../figure.ts';

const page = says('packages/secagg/README.md');
const two = significant(2);
const file = (name: string, format = two): Figure => figure(`secagg-${name}`, format);

/** Processor time of all steps of a ring's server, in seconds. */
function ringServer(name: string, ...more: readonly string[]): Figure {
  const steps = ['advertise', 'reveal', 'share', 'input', ...more, 'unmask'];
  const keys = steps.map((step) => `secagg-${name}/serverCpu/${step}`);
  return derived(keys, (...values) => values.reduce((sum, value) => sum + value, 0), significant(2, 1e-3));
}

const [small, honest, malicious, large] = [
  'ring-1000-5-semi-honest',
  'ring-1000-30-semi-honest',
  'ring-1000-30-semi-malicious',
  'ring-10000-5-semi-honest',
];
/** One client of 10,000 over one of 1,000. */
const grown = (what: string): Figure =>
  derived([`secagg-${large}/client/${what}`, `secagg-${small}/client/${what}`], (a, b) => a / b, fixed(2));

export const secagg: readonly Claim[] = [
  page`100,000 entries of 26 bits | ${file('client/cpu/total', significant(2, 1e-3))} s`,
  page`0 / 10 / 30 % dropped | ${file('server/0/total')} / ${file('server/1/total')} / ${file('server/2/total')} s`,
  page`the client above in mode malicious | ${file('malicious-client/cpu/total', significant(2, 1e-3))} s`,
  page`all parties, semi-honest; malicious | ${file('malicious-round/rows/0/cpu')} s; ${file('malicious-round/rows/1/cpu')} s`,
  page`5 wrong shares each | ${file('reed-solomon/othersEach', significant(2, 1e-3))} s`,
  page`k = 442, semi-malicious, one sum | ${ringServer(honest)} s; ${ringServer(malicious, 'consistency')} s`,
  page`one client of those | ${file(`${honest}/client/cpu`)} ms; ${file(`${malicious}/client/cpu`)} ms`,
  page`CPU, bytes up, bytes down (k: 1.12 ×) | ${grown('cpu')}, ${grown('up')}, ${grown('down')} ×`,
  page`server; one client; memory of the server | ${ringServer(large)} s; ${file(`${large}/client/cpu`)} ms, ${file(`${large}/client/up`, fixed(0, 1e-3))} kB; ${file(`${large}/residentBytes`, significant(2, 1e-9))} GB`,
  page`server, whole round, upload | ${file('flower/rows/0/mine', fixed(0))} ms, ${file('flower/rows/2/mine', fixed(0))} ms, ${file('flower/rows/3/mine', fixed(0, 1e-3))} kB | ${file('flower/rows/0/other', significant(2, 1e-3))} s, ${file('flower/rows/2/other', significant(2, 1e-3))} s, ${file('flower/rows/3/other', fixed(0, 1e-3))} kB (flwr 1.42, beside)`,
  page`2^10 clients × 2^20 entries; 2^14 × 2^24 | ${file('expansion/0/expansion', fixed(3))}; ${file('expansion/1/expansion', fixed(3))} | ${file('expansion/0/goal', fixed(2))}; ${file('expansion/1/goal', fixed(2))} (Bonawitz 2017, all traffic)`,
  page`words of AES-128-CTR by \`node:crypto\`, WebCrypto, plain | ${file('masks/times/AES-128-CTR, node:crypto')}, ${file('masks/times/AES-128-CTR, WebCrypto')}, ${file('masks/times/AES-128-CTR, plain')} ms | ${file('masks/ratios/AES-128-CTR, node:crypto')} of`,
  page`adding 100,000 words, SIMD, plain | ${file('masks/times/addition, SIMD')}, ${file('masks/times/addition, plain')} ms`,
];
