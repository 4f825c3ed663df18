/**
 * A pad to draw on, by pointer or keyboard, that gives what is drawn as MNIST has digits: 20 × 20 around their centre of mass.
 *
 * @module
 */
import { PIXELS } from '../network.ts';

const SIDE = 28;
const BOX = 20;
const PEN = 20;
const STEP = 10;

/** A pad around a canvas. */
export interface Pad {
  clear(): void;
  /** Shows a digit that is there already: 784 pixels in [0, 1]. */
  show(pixels: Float32Array): void;
  /** 784 pixels in [0, 1]; `undefined` while nothing is drawn. */
  read(): Float32Array | undefined;
}

/** @param onChange - Told whenever something was drawn. */
export function padOn(canvas: HTMLCanvasElement, onChange: () => void): Pad {
  const context = canvas.getContext('2d', { willReadFrequently: true }) as CanvasRenderingContext2D;
  let at: { x: number; y: number } | undefined;
  let shown: Float32Array | undefined;
  /** The keyboard's pen. */
  const pen = { x: canvas.width / 2, y: canvas.height / 4, down: false };

  function clear(): void {
    shown = undefined;
    context.fillStyle = '#fff';
    context.fillRect(0, 0, canvas.width, canvas.height);
  }

  function lineTo(x: number, y: number): void {
    if (shown) clear();
    context.strokeStyle = '#000';
    context.lineWidth = PEN;
    context.lineCap = 'round';
    context.beginPath();
    context.moveTo(at?.x ?? x, at?.y ?? y);
    context.lineTo(x, y);
    context.stroke();
    at = { x, y };
    onChange();
  }

  const place = ({ offsetX, offsetY }: PointerEvent) => {
    const scale = canvas.width / canvas.clientWidth;
    return [offsetX * scale, offsetY * scale] as const;
  };
  canvas.addEventListener('pointerdown', (event) => {
    canvas.setPointerCapture(event.pointerId);
    at = undefined;
    lineTo(...place(event));
  });
  canvas.addEventListener('pointermove', (event) => {
    if (canvas.hasPointerCapture(event.pointerId)) lineTo(...place(event));
  });
  canvas.addEventListener('keydown', (event) => {
    const moves: Readonly<Record<string, readonly [number, number]>> = {
      ArrowLeft: [-STEP, 0],
      ArrowRight: [STEP, 0],
      ArrowUp: [0, -STEP],
      ArrowDown: [0, STEP],
    };
    const move = moves[event.key];
    if (move) {
      pen.x = Math.max(0, Math.min(canvas.width, pen.x + move[0]));
      pen.y = Math.max(0, Math.min(canvas.height, pen.y + move[1]));
      if (pen.down) lineTo(pen.x, pen.y);
      else at = { x: pen.x, y: pen.y };
    } else if (event.key === ' ') {
      pen.down = !pen.down;
      if (pen.down) lineTo(pen.x, pen.y);
    } else if (event.key === 'Escape') {
      clear();
      onChange();
    } else return;
    event.preventDefault();
  });
  clear();

  return {
    clear() {
      clear();
      onChange();
    },
    show(pixels) {
      clear();
      const image = context.createImageData(SIDE, SIDE);
      for (let i = 0; i < PIXELS; i++)
        image.data.set([255 - 255 * pixels[i], 255 - 255 * pixels[i], 255 - 255 * pixels[i], 255], 4 * i);
      const small = document.createElement('canvas');
      small.width = small.height = SIDE;
      (small.getContext('2d') as CanvasRenderingContext2D).putImageData(image, 0, 0);
      context.imageSmoothingEnabled = false;
      context.drawImage(small, 0, 0, canvas.width, canvas.height);
      shown = pixels;
      onChange();
    },
    read: () => shown ?? centred(context.getImageData(0, 0, canvas.width, canvas.height)),
  };
}

/** What is drawn, in a box of 20 pixels, its centre of mass in the middle of 28. */
function centred({ data, width, height }: ImageData): Float32Array | undefined {
  const ink = (x: number, y: number) => 1 - data[4 * (y * width + x)] / 255;
  let [left, right, top, bottom] = [width, -1, height, -1];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (ink(x, y) < 0.5) continue;
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y);
    }
  }
  if (right < 0) return undefined;
  const scale = Math.max(right - left + 1, bottom - top + 1) / BOX;
  const box = new Float32Array(BOX * BOX);
  let [mass, sumX, sumY] = [0, 0, 0];
  for (let row = 0; row < BOX; row++) {
    for (let column = 0; column < BOX; column++) {
      const value = average(ink, { x: left + column * scale, y: top + row * scale, scale, width, height });
      box[row * BOX + column] = value;
      mass += value;
      sumX += value * column;
      sumY += value * row;
    }
  }
  const shiftX = Math.round(SIDE / 2 - 0.5 - sumX / mass);
  const shiftY = Math.round(SIDE / 2 - 0.5 - sumY / mass);
  const pixels = new Float32Array(PIXELS);
  for (let row = 0; row < BOX; row++) {
    for (let column = 0; column < BOX; column++) {
      const [x, y] = [column + shiftX, row + shiftY];
      if (x >= 0 && x < SIDE && y >= 0 && y < SIDE) pixels[y * SIDE + x] = box[row * BOX + column];
    }
  }
  return pixels;
}

interface Square {
  readonly x: number;
  readonly y: number;
  readonly scale: number;
  readonly width: number;
  readonly height: number;
}

function average(ink: (x: number, y: number) => number, { x, y, scale, width, height }: Square): number {
  let [sum, count] = [0, 0];
  for (let b = Math.floor(y); b < y + scale; b++) {
    for (let a = Math.floor(x); a < x + scale; a++) {
      if (a < width && b < height) sum += ink(a, b);
      count++;
    }
  }
  return sum / count;
}
