import { seededRng } from '@fedkit/core';
import { describe, expect, it } from 'vitest';
import { tinyFile, tinyMetadata, tinyTensors } from '../../test/gguf-writer.helpers.ts';
import { modelVectors } from '../../test/vectors.helpers.ts';
import { lora } from '../adapt/lora.ts';
import { adapterUpdate } from '../aggregate/factors.ts';
import { flora, truncatedProduct } from '../aggregate/products.ts';
import { loadGguf } from '../gguf/load.ts';
import type { WeightKind } from '../kernels/kinds.ts';
import { adapt, transformer } from '../model/transformer.ts';
import { exportPeft } from '../peft/export.ts';
import { importPeft } from '../peft/import.ts';
import { freeze } from '../quantize/freeze.ts';
import { loadSafetensors } from '../safetensors/load.ts';
import { bytesSource } from '../source/byte-source.ts';
import { languageTrainer } from './trainer.ts';
import { tokenWindows } from './windows.ts';

const start = transformer({ vocabulary: 24, width: 16, layers: 1, heads: 2, context: 8 });
const base = (seed: number) => freeze(start, start.init(seededRng(seed)));
const model = adapt(base(1), lora({ rank: 2, targets: ['q_proj'] }));
const params = model.init(seededRng(2));
const update = adapterUpdate(model, params, 1);
const other = adapt(base(1), lora({ rank: 2, targets: ['v_proj'] }));

// What must not reach a first step, each by its code and a name in its message.
const refused: readonly [what: string, run: () => unknown, code: string, name: RegExp][] = [
  [
    'a token outside the vocabulary',
    () => languageTrainer(model, tokenWindows([[1, 2, 24]], { length: 8 })),
    'OUT_OF_RANGE',
    /targets\[1\].*\[0, 23\].*24/,
  ],
  ['a prompt of one', () => model.logits(params, [3, 30]), 'OUT_OF_RANGE', /tokens\[1\]/],
  [
    'a window longer than the context',
    () =>
      model.logits(
        params,
        Array.from({ length: 9 }, () => 1),
      ),
    'OUT_OF_RANGE',
    /length/,
  ],
  ['a truncated GGUF', () => loadGguf(bytesSource(tinyFile().subarray(0, 700))), 'DECODE_FAILED', /loadGguf/],
  [
    'a GGUF that lies about a tensor',
    () => loadGguf(bytesSource(tinyFile(tinyMetadata({ 'llama.feed_forward_length': 7 }), tinyTensors()))),
    'DECODE_FAILED',
    /ffn/,
  ],
  [
    'an adapter of another base',
    () => importPeft(base(2), exportPeft(model, params, { baseName: 'a' })),
    'AUTHENTICATION_FAILED',
    /expected an adapter for base/,
  ],
  [
    'adapters of other products beside each other',
    () => flora([update, adapterUpdate(other, other.init(seededRng(3)), 1)]),
    'SHAPE_MISMATCH',
    /same products/,
  ],
  ['a rank of nothing', () => truncatedProduct([update], { rank: 0 }), 'OUT_OF_RANGE', /rank/],
  [
    'a kind of weights that is not known',
    () => freeze(start, start.init(seededRng(1)), { kind: 'q3_k' as WeightKind }),
    'INVALID_ARGUMENT',
    /f32, f16, q4_0, q4_1, q8_0, nf4.*q3_k/,
  ],
  [
    'embeddings in one',
    () => freeze(start, start.init(seededRng(1)), { embeddings: 'q3_k' as WeightKind }),
    'INVALID_ARGUMENT',
    /nf4.*q3_k/,
  ],
  [
    'a checkpoint that shall become one',
    () => {
      const [{ file, config }] = modelVectors();
      return loadSafetensors(bytesSource(file), config, { kind: 'toString' as WeightKind });
    },
    'INVALID_ARGUMENT',
    /nf4.*toString/,
  ],
  [
    'a type of GGUF that is not known',
    () =>
      loadGguf(
        bytesSource(
          tinyFile(
            tinyMetadata(),
            tinyTensors().map((own, i) => (i === 0 ? { ...own, type: 10 } : own)),
          ),
        ),
      ),
    'DECODE_FAILED',
    /Q2_K/,
  ],
];

describe('what is refused by name before anything trains', () => {
  it.each(refused)('%s', async (_, run, code, name) => {
    const outcome = (async () => run())();
    await expect(outcome).rejects.toMatchObject({ name: 'FedkitError', code, message: expect.stringMatching(name) });
  });

  it('a model that no memory holds', async () => {
    const wide = transformer({ vocabulary: 256, width: 1024, layers: 64, heads: 8, context: 65_536 });
    const { workspace } = wide.memory({ batch: 1, length: 65_536, training: true });
    expect(workspace).toBeGreaterThan(2 ** 32);
    const short = transformer({ vocabulary: 24, width: 16, layers: 1, heads: 2, context: 1 << 20 });
    const windows = tokenWindows([Array.from({ length: 65_537 }, () => 1)], { length: 65_536 });
    // Attention alone takes length² values.
    const trained = languageTrainer(short, windows).train(
      short.init(seededRng(1)),
      {},
      { steps: 1, batchSize: 1, learningRate: 0.1, rng: seededRng(1) },
    );
    await expect(trained).rejects.toMatchObject({ code: 'BUDGET_EXHAUSTED' });
  });
});
