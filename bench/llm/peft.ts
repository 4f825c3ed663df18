// `pnpm bench llm peft`: adapters written here, loaded by PEFT in Python over the same model; logits compared.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { seededRng } from '@fedkit/core';
import { type Adaptation, adapt, bytesSource, exportPeft, ia3, loadSafetensors, lora } from '@fedkit/llm';
import { modelVectors } from '../../packages/llm/test/vectors.helpers.ts';
import { withPython } from './python.ts';

const adaptations: Readonly<Record<string, Adaptation>> = {
  lora: lora({ rank: 3, alpha: 7, targets: ['q_proj', 'v_proj'] }),
  rslora: lora({ rank: 4, rankStabilized: true, targets: 'all-linear' }),
  dora: lora({ rank: 2, decomposed: true, targets: ['k_proj', 'o_proj', 'up_proj'] }),
  'last-block': lora({ rank: 2, targets: ['gate_proj'], layers: (layer) => layer === 1 }),
  'ffa-lora': lora({ rank: 2, targets: ['q_proj', 'down_proj'], frozenA: { seed: 5 } }),
  ia3: ia3(),
};

/** Writes every kind of adapter and has PEFT load it; fails if a logit differs by 1e-4. */
export async function comparePeft(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'fedkit-peft-'));
  try {
    const [{ file, config, tokens }] = modelVectors();
    mkdirSync(join(folder, 'base'));
    writeFileSync(join(folder, 'base/model.safetensors'), file);
    writeFileSync(join(folder, 'base/config.json'), JSON.stringify(config));
    const base = await loadSafetensors(bytesSource(file), config);
    const logits: Record<string, string> = {};
    for (const [name, adaptation] of Object.entries(adaptations)) {
      const model = adapt(base, adaptation);
      const rng = seededRng(1);
      const params = model.init(rng).map((value) => value + 0.4 * (rng.uniform() - 0.5));
      const adapter = exportPeft(model, params, { baseName: join(folder, 'base') });
      mkdirSync(join(folder, name));
      writeFileSync(join(folder, name, 'adapter_model.safetensors'), adapter.file);
      writeFileSync(join(folder, name, 'adapter_config.json'), JSON.stringify(adapter.config));
      logits[name] = Buffer.from(model.logits(params, tokens).buffer).toString('base64');
    }
    writeFileSync(join(folder, 'base.json'), JSON.stringify({ logits }));
    const script = join(dirname(fileURLToPath(import.meta.url)), 'vectors.py');
    await withPython((python) =>
      execFileSync(python, [script, 'check', folder], { stdio: ['ignore', 'inherit', 'ignore'] }),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
