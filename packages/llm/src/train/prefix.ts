/**
 * Blocks that do not train, computed once.
 *
 * @module
 */
import type { PlacedTensor } from '@fedkit/core';
import { checkOptions, type OptionNames, checkInteger } from '@fedkit/core/internal';
import { type LanguageModel, loadWindows } from '../model/language-model.ts';
import type { Stretch } from '../network/block.ts';
import type { Machine } from '../network/linear.ts';
import { Network, Session } from '../network/network.ts';
import { blocksForward, embed, lastNorm, prepare } from '../network/pass.ts';
import type { Windows } from './windows.ts';

/** The part of a model above its frozen prefix. */
export interface Prefix {
  /** Of the blocks that train and those above them. */
  readonly network: Network;
  /** Computes what is kept, unless it is there; before the workspace is taken. */
  prepare(): void;
  /** As `forward`, from the states that were kept. */
  forward(machine: Machine, rows: Uint32Array, stretch: Stretch): void;
}

/**
 * The prefix of a model, or `undefined` where the first block or what stands in front of it trains. States are computed when they
 * are first asked for.
 */
export function prefixOf(model: LanguageModel, windows: Windows, batch: number): Prefix | undefined {
  const { shape, base, adaptation } = model;
  const upper = (from: number) =>
    new Network(base, adaptation, { from, to: shape.layers, embeds: false, heads: true, inputGradient: false });
  let from = 0;
  while (from < shape.layers && upper(from + 1).layout.size === model.layout.size) from++;
  if (from === 0) return undefined;
  const lower = new Network(base, adaptation, { from: 0, to: from, embeds: true, heads: false, inputGradient: false });
  // Tied embeddings are the head above, and of a prompt or position that trains nothing below is frozen.
  if (lower.layout.size > 0) return undefined;
  const rows = windows.tokens.length / windows.length;
  const size = (windows.length + (adaptation.prompt?.tokens ?? 0)) * shape.width;
  let kept: Float32Array | undefined;

  const compute = (): Float32Array => {
    const request = { mode: 'evaluate', batch, length: windows.length, checkpoint: false } as const;
    const session = new Session(lower, request, new Float32Array(0));
    try {
      const { machine } = session.enter();
      prepare(machine);
      const states = new Float32Array(rows * size);
      for (let first = 0; first < rows; first += batch) {
        const part = Uint32Array.from({ length: Math.min(batch, rows - first) }, (_, i) => first + i);
        loadWindows(machine, windows, part);
        const stretch = { batch: part.length, positions: machine.plan.positions, past: 0 };
        embed(machine, shape, stretch);
        blocksForward(machine, shape, stretch);
        const at = machine.plan.exit / 4;
        states.set(machine.memory.floats.subarray(at, at + part.length * size), first * size);
      }
      return states;
    } finally {
      session.end();
    }
  };

  return {
    network: upper(from),
    forward(machine, part, stretch) {
      const { memory, plan } = machine;
      if (kept === undefined) throw new Error('the prefix is computed before the workspace is taken');
      part.forEach((row, i) => {
        memory.floats.set((kept as Float32Array).subarray(row * size, (row + 1) * size), plan.entry / 4 + i * size);
      });
      blocksForward(machine, shape, stretch);
      lastNorm(machine, shape, stretch);
    },
    prepare() {
      kept ??= compute();
    },
  };
}

/**
 * Progressive federation from the head down: the last block trains alone for `every` rounds, then the last two, and so on; with
 * them whatever is in no block but the embeddings. For `layout.select` and `selectedTrainer`, or the filter of `full`.
 *
 * @param options.layers - Blocks of the model, ≥ 1.
 * @param options.every - Rounds of a stage, ≥ 1.
 * @param options.round - From 1.
 * @throws FedkitError `OUT_OF_RANGE` for numbers out of range.
 * @example
 * ```ts
 * import { topLayersFirst, transformer } from '@fedkit/llm';
 *
 * const { layout } = transformer({ vocabulary: 64, width: 16, layers: 4, heads: 2 });
 * const sizes = [1, 3, 5, 7].map((round) => layout.select(topLayersFirst({ layers: 4, every: 2, round })).size);
 * console.log(sizes); // => [ 3376, 6736, 10096, 13456 ]
 * ```
 */
export function topLayersFirst(options: {
  readonly layers: number;
  readonly every: number;
  readonly round: number;
}): (tensor: Pick<PlacedTensor, 'name'>) => boolean {
  checkOptions('topLayersFirst', options, { layers: true, every: true, round: true } satisfies OptionNames<
    typeof options
  >);
  const layers = checkInteger('topLayersFirst: layers', options.layers, 1);
  const every = checkInteger('topLayersFirst: every', options.every, 1);
  const round = checkInteger('topLayersFirst: round', options.round, 1);
  const lowest = Math.max(0, layers - Math.ceil(round / every));
  return ({ name }) => {
    const layer = /(?:^|\.)layers\.(\d+)\./.exec(name);
    return layer ? Number(layer[1]) >= lowest : !/embed/.test(name);
  };
}
