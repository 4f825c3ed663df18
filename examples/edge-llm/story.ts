/**
 * The story: a student goes out, sums come in, the student is distilled anew, and every device makes it its own.
 *
 * @module
 */
import { publicPlaces } from '@fedkit/compression';
import { seededRng } from '@fedkit/core';
import { adamW, interpolate, type LanguageModel, languageTrainer, type Windows } from '@fedkit/llm';
import type { Author } from '../llm/authors.ts';
import { bitsPerByte, type RoundResult } from '../llm/federation.ts';
import { pretrained, smallModel } from '../llm/model.ts';
import { readPresidents } from '../llm/presidents.ts';
import { federatePrivately, privateLedger } from '../llm/private.ts';
import { federateInTheOpen } from './open.ts';
import type { EdgeSetting } from './setting.ts';
import { adapted, firstStudent, nextStudent, spread, type Student } from './student.ts';

/** One line of the story. */
export interface Chapter {
  readonly name: string;
  /** On text that no device trained on, the mean over presidents. */
  readonly bitsPerByte: number;
  /** A device; of a federation, a round. */
  readonly bytesDown?: number;
  readonly bytesUp?: number;
  /** Values that a device's update has in a round, of all the adapter's. */
  readonly values?: readonly [number, number];
  /** What all sums so far have cost, by president. */
  readonly epsilon?: number;
}

/** The rule of a setting: a share of the coordinates, named by what is public. */
export function ruleOf(model: LanguageModel, setting: EdgeSetting, mostOwed?: number) {
  const { density, seed } = setting;
  return publicPlaces({
    size: model.layout.size,
    density,
    seed,
    weighting: 'uniform',
    ...(mostOwed !== undefined && { mostOwed }),
  });
}

/** Norms of a lone client with public text: what its update is clipped to, and what it may owe. No private text has a part in them. */
export async function publicNorms(
  model: LanguageModel,
  start: Float32Array,
  published: Windows,
  setting: EdgeSetting,
): Promise<{ readonly clip: number; readonly mostOwed: number }> {
  const algorithm = ruleOf(model, setting);
  const trainer = languageTrainer(model, spread(published, setting.train), { optimizer: adamW({ maxNorm: 1 }) });
  const broadcast = algorithm.broadcast(algorithm.init(start));
  const { steps, batchSize, learningRate, seed } = setting;
  const { contribution, state } = await algorithm.clientRound({
    broadcast,
    trainer,
    options: { steps, batchSize, learningRate, lossAtStart: false, rng: seededRng(seed) },
  });
  const norm = (values: Float32Array) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
  // What waits adds up: twice a round's.
  return { clip: norm(contribution.values.values), mostOwed: Math.max(1e-3, 2 * norm(state.owed)) };
}

/** Tells it. @param tell - Called with every line as it is known. */
export async function tellStory(
  setting: EdgeSetting,
  tell: (chapter: Chapter) => void,
  onRound: (phase: number, round: number, result: RoundResult) => void = () => {},
): Promise<Chapter[]> {
  const chapters: Chapter[] = [];
  const next = (chapter: Chapter) => {
    chapters.push(chapter);
    tell(chapter);
  };
  const { published, authors: all } = readPresidents(setting);
  const authors = all.slice(0, setting.authors);
  const model = smallModel();
  const teacher = { model, params: pretrained(model) };
  next({ name: 'the teacher, on the server', bitsPerByte: bitsPerByte(model, () => teacher.params, authors) });
  let student = await firstStudent(teacher, published, setting);
  next({ name: 'its student, as devices get it', ...sent(student, authors, setting) });
  const ledger = setting.epsilon === undefined ? undefined : await privateLedger(setting.epsilon);
  let params: Float32Array = new Float32Array(0);
  for (let phase = 1; phase <= setting.phases; phase++) {
    if (phase > 1) {
      student = await nextStudent(teacher, student, params, published, setting);
      next({ name: 'distilled anew', ...sent(student, authors, setting) });
    }
    const own = adapted(student.sent, setting);
    const start = own.init(seededRng(setting.seed));
    const { clip, mostOwed } = await publicNorms(own, start, published, setting);
    const algorithm = ruleOf(own, setting, mostOwed);
    const each = (round: number, result: RoundResult) => onRound(phase, round, result);
    const found =
      setting.epsilon === undefined || ledger === undefined
        ? await federateInTheOpen(own, start, authors, setting, algorithm, each)
        : await federatePrivately(own, start, authors, setting, algorithm, each, {
            epsilon: setting.epsilon,
            clip,
            roundsInAll: setting.phases * setting.rounds,
            ledger,
          });
    params = found.params;
    next({
      name: `after ${setting.rounds} rounds`,
      bitsPerByte: bitsPerByte(own, () => params, authors),
      bytesDown: found.bytesDown,
      bytesUp: found.rounds.at(-1)?.bytesUp ?? 0,
      values: [Math.max(1, Math.round(setting.density * own.layout.size)), own.layout.size],
      ...(found.epsilon !== undefined && { epsilon: found.epsilon }),
    });
  }
  next({ name: 'made their own, on the devices', bitsPerByte: await personal(student, params, authors, setting) });
  return chapters;
}

function sent(student: Student, authors: readonly Author[], setting: EdgeSetting) {
  const model = adapted(student.sent, setting);
  const start = model.init(seededRng(setting.seed));
  return { bitsPerByte: bitsPerByte(model, () => start, authors), bytesDown: student.sent.weightBytes };
}

/** Every device goes on alone from what the federation left, and keeps as much of it as its own last windows say. */
async function personal(
  student: Student,
  params: Float32Array,
  authors: readonly Author[],
  setting: EdgeSetting,
): Promise<number> {
  const model = adapted(student.sent, setting);
  const { batchSize, learningRate, personalSteps: steps, seed } = setting;
  const own: Float32Array[] = [];
  for (const [i, { train }] of authors.entries()) {
    const rows = train.tokens.length / train.length;
    const cut = train.length * Math.max(1, Math.floor((5 * rows) / 6));
    const part = (from: number, to: number): Windows => ({
      length: train.length,
      tokens: train.tokens.slice(from, to),
      targets: train.targets.slice(from, to),
    });
    const trainer = languageTrainer(model, part(0, cut), { optimizer: adamW({ maxNorm: 1 }) });
    const rng = seededRng(seed).fork('personal', i);
    const { values } = await trainer.train(params, {}, { steps, batchSize, learningRate: learningRate / 4, rng });
    const alone = values.map((value, j) => params[j] + value);
    own.push(interpolate(model, params, alone, part(cut, train.tokens.length), { steps: 4 }).params);
  }
  return bitsPerByte(model, (i) => own[i], authors);
}
