// What a page says with figures in it; and what it says with numbers that nobody measures.
import type { Figure } from './figure.ts';

export interface Claim {
  /** A page, from the root of the repository. */
  readonly page: string;
  /** The text around the figures; one piece more than there are figures. */
  readonly pieces: readonly string[];
  readonly figures: readonly Figure[];
}

/** Numbers with a unit that are no measurement: a limit, a setting, another's publication. Each with the reason. */
export interface Stated {
  readonly page: string;
  readonly text: string;
  readonly why: string;
}

/** @example says('README.md')`float32 | ${figure('mean/ratios/float32OfCopy', significant(2))} ×` */
export function says(page: string): (pieces: TemplateStringsArray, ...figures: Figure[]) => Claim {
  return (pieces, ...figures) => ({ page, pieces: [...pieces], figures });
}

/** The same from a list, as for lines of a table that are made in a loop. */
export function quoted(page: string, ...parts: readonly (string | Figure)[]): Claim {
  const pieces = [''];
  const figures: Figure[] = [];
  for (const part of parts) {
    if (typeof part === 'string') pieces[pieces.length - 1] += part;
    else {
      figures.push(part);
      pieces.push('');
    }
  }
  return { page, pieces, figures };
}

export function stated(page: string, why: string, ...texts: string[]): Stated[] {
  return texts.map((text) => ({ page, text, why }));
}

/** Any white space stands for any other: tables are padded and paragraphs are filled. */
function pattern(text: string): string {
  return text
    .split(/\s+/)
    .map((word) => word.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`))
    .join(String.raw`\s+`);
}

const NUMBER = String.raw`([-−]?[\d.,]*\d(?:e[-+]?\d+)?)`;

/** Where a page says it: from, to, and the numbers it has with their places. */
export interface Place {
  readonly from: number;
  readonly to: number;
  readonly numbers: readonly { readonly from: number; readonly to: number; readonly text: string }[];
}

/** All places at which a page says it. One is right: none is a claim that left the page, two are ambiguous. */
export function placesOf(claim: Pick<Claim, 'pieces'>, text: string): Place[] {
  const expression = new RegExp(claim.pieces.map(pattern).join(NUMBER), 'gd');
  return [...text.matchAll(expression)].map((match) => {
    const indices = (match as RegExpExecArray & { indices: [number, number][] }).indices;
    const [whole, ...groups] = indices;
    return {
      from: whole[0],
      to: whole[1],
      numbers: groups.map(([from, to]) => ({ from, to, text: text.slice(from, to) })),
    };
  });
}
