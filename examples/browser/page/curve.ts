/**
 * Accuracy and loss over rounds, as one drawing.
 *
 * @module
 */
import type { Status } from '../status.ts';
import { percent } from './words.ts';

const HEIGHT = 240;
const LEFT = 44;
const RIGHT = 96;
const TOP = 14;
const BOTTOM = 28;
const NAMESPACE = 'http://www.w3.org/2000/svg';

type Attributes = Readonly<Record<string, string | number>>;

function shape(name: string, attributes: Attributes, text = ''): SVGElement {
  const element = document.createElementNS(NAMESPACE, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  element.textContent = text;
  return element;
}

/** Draws into `place`. */
export function drawCurve(place: HTMLElement, { history, start, rounds }: Status): void {
  const points = [
    { round: 0, ...start },
    ...history
      .filter(({ outcome }) => outcome === 'published')
      .map(({ round, accuracy, loss }) => ({ round, accuracy, loss })),
  ];
  const last = points[points.length - 1];
  // As wide as its place, so that its letters keep their size.
  const width = Math.max(300, place.clientWidth);
  const longest = Math.max(rounds, last.round, 1);
  const worst = Math.max(2.5, ...points.map(({ loss }) => Math.min(loss, 5)));
  const x = (round: number) => LEFT + ((width - LEFT - RIGHT) * round) / longest;
  const y = (share: number) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - share);
  const words = `Accuracy went from ${percent(start.accuracy)} to ${percent(last.accuracy)} in ${last.round} rounds, loss from ${start.loss.toFixed(2)} to ${last.loss.toFixed(2)}.`;
  const svg = shape('svg', { viewBox: `0 0 ${width} ${HEIGHT}`, role: 'img', 'aria-label': words });
  for (const share of [0, 0.25, 0.5, 0.75, 1]) {
    svg.append(
      shape('line', { class: 'grid', x1: LEFT, x2: width - RIGHT, y1: y(share), y2: y(share) }),
      shape('text', { x: LEFT - 8, y: y(share) + 4, 'text-anchor': 'end' }, `${100 * share}%`),
    );
  }
  for (let round = 0; round <= longest; round += Math.max(1, Math.ceil(longest / 10))) {
    svg.append(shape('text', { x: x(round), y: HEIGHT - 6, 'text-anchor': 'middle' }, `${round}`));
  }
  const line = (className: string, share: (point: (typeof points)[number]) => number) =>
    svg.append(
      shape('polyline', {
        class: className,
        points: points.map((point) => `${x(point.round)},${y(share(point))}`).join(' '),
      }),
    );
  const lossShare = ({ loss }: { readonly loss: number }) => Math.min(1, loss / worst);
  line('loss', lossShare);
  line('accuracy', ({ accuracy }) => accuracy);
  for (const { round, accuracy } of points) svg.append(shape('circle', { cx: x(round), cy: y(accuracy), r: 3.5 }));
  // Labels that would lie on each other move apart.
  const [up, down] = [y(last.accuracy) + 4, y(lossShare(last)) + 4];
  const apart = Math.abs(up - down) < 16 ? (up < down ? 9 : -9) : 0;
  const at = x(last.round) + 10;
  svg.append(
    shape('text', { class: 'accuracy', x: at, y: up - apart }, `${percent(last.accuracy)} right`),
    shape('text', { class: 'loss', x: at, y: down + apart }, `loss ${last.loss.toFixed(2)}`),
  );
  place.replaceChildren(svg);
}
