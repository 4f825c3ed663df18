/**
 * The server's part between rounds: a teacher, and the student that goes out.
 *
 * @module
 */
import { seededRng } from '@fedkit/core';
import {
  adamW,
  adapt,
  cosineSchedule,
  fedDf,
  freeze,
  full,
  type LanguageBase,
  type LanguageModel,
  type Member,
  lora,
  mergeAdapter,
  transformer,
  type Windows,
} from '@fedkit/llm';
import { type Distilling, type EdgeSetting, STUDENT } from './setting.ts';

/** A student in full precision, which stays on the server, and as devices get it. */
export interface Student {
  readonly exact: LanguageBase;
  /** In blocks of 8 bits. */
  readonly sent: LanguageBase;
}

/** Windows spread over all of a text. */
export function spread({ length, tokens, targets }: Windows, count: number): Windows {
  const rows = tokens.length / length;
  const places = Array.from({ length: Math.min(count, rows) }, (_, i) =>
    Math.floor((i * rows) / Math.min(count, rows)),
  );
  const some = (values: Int32Array) => {
    const own = new Int32Array(places.length * length);
    places.forEach((row, i) => own.set(values.subarray(row * length, (row + 1) * length), i * length));
    return own;
  };
  return { length, tokens: some(tokens), targets: some(targets) };
}

/** A model whose every tensor trains, from `start`, learns what the members say of public text. */
async function learn(
  members: readonly Member[],
  student: LanguageModel,
  start: Float32Array,
  published: Windows,
  { windows, steps, batchSize, learningRate }: Distilling,
  seed: number,
): Promise<Student> {
  const schedule = cosineSchedule({ warmUp: Math.ceil(steps / 20), total: steps, floor: 0.05 });
  const params = await fedDf({
    members,
    student,
    start,
    windows: spread(published, windows),
    train: { steps, batchSize, learningRate, rng: seededRng(seed) },
    optimizer: adamW({ maxNorm: 1, schedule }),
  });
  return { exact: freeze(student, params), sent: freeze(student, params, { kind: 'q8_0' }) };
}

/** The first student: from nothing, of the teacher alone. */
export function firstStudent(teacher: Member, published: Windows, setting: EdgeSetting): Promise<Student> {
  const model = transformer(STUDENT);
  const start = model.init(seededRng(setting.seed));
  return learn([teacher], model, start, published, setting.distilling, setting.seed);
}

/** The adapter that a federation trains in front of a base: FFA-LoRA, so that noise on B is not multiplied by noise on A. */
export function adapted(base: LanguageBase, { rank }: EdgeSetting): LanguageModel {
  return adapt(base, lora({ rank, targets: 'all-linear', frozenA: { seed: 1 } }));
}

/**
 * The next student: what the federation learned goes into the exact weights, which then learn from what the teacher and they
 * themselves, as the federation left them, say of public text. Blocks of 8 bits are made of the result once; an adapter could not be
 * put into quantized weights without losing more than a round gains.
 */
export function nextStudent(
  teacher: Member,
  student: Student,
  adapter: Float32Array,
  published: Windows,
  setting: EdgeSetting,
): Promise<Student> {
  const model = adapt(mergeAdapter(adapted(student.exact, setting), adapter), full());
  const params = model.init(seededRng(0));
  return learn([teacher, { model, params }], model, params, published, setting.redistilling, setting.seed + 1);
}
