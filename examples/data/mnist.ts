// MNIST as the examples' own dependency has it.
import { type Mnist, readMnist as read } from 'fedkit/data';

export { DIGITS, type Mnist, PIXELS } from 'fedkit/data';

export const readMnist = (): Mnist => read({ from: import.meta.url });
