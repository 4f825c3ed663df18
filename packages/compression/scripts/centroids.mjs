// Writes src/eden/centroids.ts (format it afterwards): the Lloyd-Max quantizers of N(0, 1) with 2^b levels, b = 1 … 8.
//
// Stationarity (Max 1960, Lloyd 1982): every level is the mean of its cell, every boundary the midpoint of its levels.
// Newton's method on that system (its Jacobian is tridiagonal) from a few hundred Lloyd steps; cell mass and mean by
// 32-point Gauss-Legendre quadrature, relative error below 1e-14. The script checks the distortions it finds against
// closed forms and published values, and prints them.
import { writeFileSync } from 'node:fs';
import { extrapolated } from '../src/eden/levels.ts';

const NODES = legendre(32);

function legendre(order) {
  const nodes = [];
  for (let i = 0; i < order; i++) {
    let x = Math.cos((Math.PI * (i + 0.75)) / (order + 0.5));
    let slope = 1;
    for (let step = 0; step < 100; step++) {
      let [p, before] = [1, 0];
      for (let j = 1; j <= order; j++) [p, before] = [((2 * j - 1) * x * p - (j - 1) * before) / j, p];
      slope = (order * (x * p - before)) / (x * x - 1);
      const next = x - p / slope;
      if (Math.abs(next - x) < 1e-16) break;
      x = next;
    }
    nodes.push([x, 2 / ((1 - x * x) * slope * slope)]);
  }
  return nodes;
}

const density = (z) => Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI);

/** Mass, first and second moment of N(0, 1) on [low, high]; the last cell ends 14 deviations out. */
function moments(low, high) {
  const end = Math.min(high, Math.max(low, 0) + 14);
  const pieces = Math.max(1, Math.ceil((end - low) / 0.5));
  const half = (end - low) / pieces / 2;
  let [mass, first, second] = [0, 0, 0];
  for (let piece = 0; piece < pieces; piece++) {
    const middle = low + (2 * piece + 1) * half;
    for (const [node, weight] of NODES) {
      const z = middle + half * node;
      const part = weight * half * density(z);
      mass += part;
      first += part * z;
      second += part * z * z;
    }
  }
  return { mass, first, second };
}

function boundaries(levels) {
  const edges = [0];
  for (let i = 1; i < levels.length; i++) edges.push((levels[i - 1] + levels[i]) / 2);
  edges.push(Infinity);
  return edges;
}

/** The positive half of the symmetric quantizer. */
function lloydMax(count) {
  let levels = Array.from({ length: count }, (_, i) => ((i + 0.5) * 4) / count);
  for (let step = 0; step < 400; step++) {
    const edges = boundaries(levels);
    levels = levels.map((_, i) => {
      const { mass, first } = moments(edges[i], edges[i + 1]);
      return first / mass;
    });
  }
  for (let step = 0; step < 60; step++) {
    const edges = boundaries(levels);
    const [lower, diagonal, upper, residual] = [[], [], [], []];
    for (let i = 0; i < count; i++) {
      const { mass, first } = moments(edges[i], edges[i + 1]);
      const mean = first / mass;
      const fromLow = i === 0 ? 0 : (0.5 * density(edges[i]) * (mean - edges[i])) / mass;
      const fromHigh = i === count - 1 ? 0 : (0.5 * density(edges[i + 1]) * (edges[i + 1] - mean)) / mass;
      lower.push(-fromLow);
      diagonal.push(1 - fromLow - fromHigh);
      upper.push(-fromHigh);
      residual.push(levels[i] - mean);
    }
    for (let i = 1; i < count; i++) {
      const factor = lower[i] / diagonal[i - 1];
      diagonal[i] -= factor * upper[i - 1];
      residual[i] -= factor * residual[i - 1];
    }
    const change = Array.from({ length: count }, () => 0);
    for (let i = count - 1; i >= 0; i--) {
      change[i] = (residual[i] - (i + 1 < count ? upper[i] * change[i + 1] : 0)) / diagonal[i];
    }
    levels = levels.map((level, i) => level - change[i]);
    if (Math.max(...change.map(Math.abs)) < 1e-14) break;
  }
  return levels;
}

function distortion(levels) {
  const edges = boundaries(levels);
  return levels.reduce((sum, level, i) => {
    const { mass, first, second } = moments(edges[i], edges[i + 1]);
    return sum + 2 * (second - 2 * level * first + level * level * mass);
  }, 0);
}

/** What src/eden/levels.ts takes back: how far each level's bits are from those of the cubic through the four before it. */
function stepsOf(levels) {
  const floats = new Float32Array(levels.length);
  const bits = new Int32Array(floats.buffer);
  return levels.map((level, i) => {
    floats[i] = extrapolated(floats, i);
    const before = bits[i];
    floats[i] = level;
    return bits[i] - before;
  });
}

const tables = [];
const distortions = [];
for (let bits = 1; bits <= 8; bits++) {
  const levels = lloydMax(1 << (bits - 1));
  tables.push(stepsOf(levels.map(Math.fround)));
  distortions.push(Number(distortion(levels).toPrecision(9)));
  process.stdout.write(`${bits} ${distortions.at(-1)} ${levels.slice(0, 3).join(' ')}\n`);
}
const expected = [1 - 2 / Math.PI, 0.117481959, 0.0345477617, 0.00950100546];
expected.forEach((value, i) => {
  if (Math.abs(distortions[i] / value - 1) > 1e-5) throw new Error(`bits ${i + 1}: ${distortions[i]}, not ${value}`);
});

const lines = (numbers) => {
  const rows = [];
  for (let i = 0; i < numbers.length; i += 8) rows.push(`    ${numbers.slice(i, i + 8).join(', ')},`);
  return rows.join('\n');
};
writeFileSync(
  new URL('../src/eden/centroids.ts', import.meta.url),
  `/**
 * The Lloyd-Max quantizers of N(0, 1), written by \`tsx scripts/centroids.mjs\` (Newton's method on the stationarity
 * equations; the method and its checks stand there). J. Max, "Quantizing for Minimum Distortion", IRE Trans. 1960.
 *
 * @module
 */

/** \`STEPS[b − 1]\`: the positive levels of the quantizer with 2^b levels, ascending, as \`levelsOf\` reads them. */
export const STEPS: readonly (readonly number[])[] = [
${tables.map((table) => `  [\n${lines(table)}\n  ],`).join('\n')}
];

/** Mean squared error of each on N(0, 1), for b = 1 … 8. */
export const DISTORTIONS: readonly number[] = [
${lines(distortions).replace(/^ {4}/gm, '  ')}
];
`,
);
