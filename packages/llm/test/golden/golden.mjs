// Digests of what language models come to, which must be the same bytes on every engine. Plain JavaScript, so that every
// engine runs this very file; scripts/engines.mjs does.

const bytes = (text) => Uint8Array.from(text, (_, i) => text.charCodeAt(i));
const TEXT =
  'Fellow citizens of the Senate and of the House of Representatives: we have cause of great gratitude to God for good health.';

/** Name → SHA-256 in hex. `modules` are the packages, however they were loaded. */
export async function languageGolden({ core, llm }) {
  const { Layout, modelDigest, seededRng } = core;
  const { adamW, adapt, freeze, generate, ia3, languageTrainer, lora, promptTuning, tokenWindows, transformer } = llm;
  const digest = (values) =>
    modelDigest(Layout.of([{ name: 'values', shape: [values.length] }]), Float32Array.from(values));
  const how = (steps) => ({ steps, batchSize: 2, learningRate: 0.01, rng: seededRng(1) });
  const trained = async (model, start, windows, steps) => {
    const trainer = languageTrainer(model, windows, { optimizer: adamW({ maxNorm: 1, weightDecay: 0.01 }) });
    const { values } = await trainer.train(start, {}, how(steps));
    return start.map((value, i) => value + values[i]);
  };
  const found = {};

  // The shape of the example's model.
  const small = transformer({ vocabulary: 256, width: 64, layers: 3, heads: 4, hidden: 172, context: 256 });
  const fresh = small.init(seededRng(2));
  const short = tokenWindows([bytes(TEXT).subarray(0, 25)], { length: 12 });
  found['language models: the small model after a step'] = digest(await trained(small, fresh, short, 1));

  // Everything else at sizes that an interpreter takes in a second.
  const tiny = { vocabulary: 128, width: 16, layers: 2, heads: 2, context: 16 };
  const windows = tokenWindows([bytes(TEXT)], { length: 10 });
  const gpt = transformer({ ...tiny, style: 'gpt', feedForward: 'gelu-erf' });
  found['language models: layer norm, learned positions, exact GELU'] = digest(
    await trained(gpt, gpt.init(seededRng(3)), windows, 2),
  );
  const llama = transformer({ ...tiny, width: 64, keyValueHeads: 1 });
  const start = await trained(llama, llama.init(seededRng(4)), windows, 2);
  for (const kind of ['f32', 'f16', 'q8_0', 'q4_0', 'q4_1', 'nf4']) {
    const base = freeze(llama, start, { kind });
    const model = adapt(base, lora({ rank: 2, targets: 'all-linear', decomposed: kind === 'f32' }));
    found[`language models: LoRA over ${kind}`] = digest(
      await trained(model, model.init(seededRng(5)), windows, kind === 'f32' ? 1 : 2),
    );
  }
  const base = freeze(llama, start, { kind: 'q8_0' });
  for (const [name, adaptation] of [
    ['(IA)3', ia3()],
    ['prompt tuning', promptTuning({ tokens: 2 })],
  ]) {
    const model = adapt(base, adaptation);
    found[`language models: ${name}`] = digest(await trained(model, model.init(seededRng(6)), windows, 1));
  }
  const written = [];
  const sampling = { maxTokens: 12, temperature: 0.8, topP: 0.9, rng: seededRng(7) };
  for await (const token of generate(llama, start, [...bytes('Fellow')], sampling)) written.push(token);
  found['language models: generated tokens'] = digest(written);
  return found;
}
