/**
 * What the network reads in a drawing, untrained and now, side by side.
 *
 * @module
 */
import { DIGITS, initialModel, model } from '../network.ts';
import { percent } from './words.ts';

/** The probability of each digit. −log p of a label is its loss. */
export function probabilities(params: Float32Array, pixels: Float32Array): number[] {
  return Array.from({ length: DIGITS }, (_, label) =>
    Math.exp(-model.evaluate(params, { inputs: pixels, labels: Uint8Array.of(label) }).loss),
  );
}

/** The rows of the table, which are made once. */
export class Guesses {
  readonly #untrained = initialModel();
  readonly #rows: { readonly row: HTMLTableRowElement; readonly bars: readonly HTMLMeterElement[] }[] = [];

  constructor(body: HTMLElement) {
    for (let digit = 0; digit < DIGITS; digit++) {
      const row = document.createElement('tr');
      const name = document.createElement('td');
      name.textContent = `${digit}`;
      row.append(name);
      const bars = ['untrained', 'now'].map((when) => {
        const cell = document.createElement('td');
        const bar = document.createElement('meter');
        bar.setAttribute('aria-label', `${digit}, ${when}`);
        const number = document.createElement('span');
        number.className = 'percent';
        cell.append(bar, number);
        row.append(cell);
        return bar;
      });
      body.append(row);
      this.#rows.push({ row, bars });
    }
  }

  /** @returns The most likely digit before and now, with their probabilities; `undefined` where nothing is drawn. */
  show(pixels: Float32Array | undefined, params: Float32Array) {
    const guesses = [this.#untrained, params].map((of) => (pixels ? probabilities(of, pixels) : undefined));
    const best = guesses.map((guess) => guess && guess.indexOf(Math.max(...guess)));
    for (const [digit, { row, bars }] of this.#rows.entries()) {
      row.classList.toggle('best', best[1] === digit);
      for (const [i, bar] of bars.entries()) {
        const share = guesses[i]?.[digit] ?? 0;
        bar.value = share;
        (bar.nextElementSibling as HTMLElement).textContent = pixels ? percent(share) : '';
      }
    }
    const [before, now] = best;
    if (before === undefined || now === undefined) return undefined;
    return { before, now, probability: (guesses[1] as number[])[now] };
  }
}
