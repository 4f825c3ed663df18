/**
 * Devices on a virtual clock: how long a client takes to fetch the model, to train and to send, and whom a round waits for.
 *
 * @module
 */
import type { ClientId } from '../aggregate/contract.ts';
import { checkOptions, type OptionNames, checkInteger, checkNumber, checkPositive } from '../check.ts';
import { exp } from '../math/exp.ts';
import { normal } from '../math/normal.ts';
import { type SeededRng, seededRng } from '../random.ts';

/** One client's device. */
export interface Device {
  /** Bytes a second, > 0. */
  readonly up: number;
  /** Bytes a second, > 0. */
  readonly down: number;
  /** Seconds a local step takes, ≥ 0. */
  readonly secondsPerStep: number;
  /** Seconds before anything moves, ≥ 0; default 0. */
  readonly latency?: number;
}

/** All devices, and what a round does about the slow ones. */
export interface Devices {
  /** A client's device, the same whenever it is asked. */
  readonly of: (client: ClientId) => Device;
  /** Whether a client can be drawn at this time, in seconds of the virtual clock; default: always. */
  readonly available?: (client: ClientId, seconds: number) => boolean;
  /** Seconds after which a round counts nobody else; default: it waits for all. */
  readonly deadline?: number;
  /** The round ends when so many have arrived: with more in the cohort, over-selection. */
  readonly enough?: number;
}

/**
 * Seconds from the start of a round to the arrival of a report: latency, download, steps and upload.
 *
 * @throws FedkitError `OUT_OF_RANGE` for a device that cannot be.
 */
export function secondsOf(device: Device, work: { down: number; steps: number; up: number }): number {
  const where = 'devices.of';
  return (
    checkNumber(`${where}: latency`, device.latency ?? 0, 0) +
    work.down / checkPositive(`${where}: down`, device.down) +
    work.steps * checkNumber(`${where}: secondsPerStep`, device.secondsPerStep, 0) +
    work.up / checkPositive(`${where}: up`, device.up)
  );
}

/** Arrivals that count, and how long the round took. Ties in the order given. */
export function inTime<T extends { readonly seconds: number }>(
  arrivals: readonly T[],
  { deadline, enough }: Pick<Devices, 'deadline' | 'enough'>,
  asked: number,
): { counted: ReadonlySet<T>; seconds: number } {
  const limit = deadline === undefined ? Infinity : checkPositive('devices: deadline', deadline);
  const places = enough === undefined ? Infinity : checkInteger('devices: enough', enough, 1);
  const sorted = [...arrivals].sort((a, b) => a.seconds - b.seconds).filter(({ seconds }) => seconds <= limit);
  const counted = sorted.slice(0, places);
  const last = counted.length === 0 ? 0 : counted[counted.length - 1].seconds;
  // Who dropped out is waited for as long as anyone is.
  const waits = limit < Infinity && counted.length < Math.min(places, asked);
  return { counted: new Set(counted), seconds: waits ? limit : last };
}

/** Medians, and how far devices lie around them. */
export interface DeviceDistribution {
  /** Median bytes a second. */
  readonly up: number;
  /** Median bytes a second. */
  readonly down: number;
  /** Median seconds of a local step. */
  readonly secondsPerStep: number;
  /** Seconds, the same for all; default 0. */
  readonly latency?: number;
  /** Standard deviation of the natural logarithms, ≥ 0; default 1: two thirds lie within a factor of e of the median. */
  readonly spread?: number;
  /** With it all devices repeat. */
  readonly seed: number | string | Uint8Array;
}

/**
 * Devices whose rates are log-normal around medians, independently, each drawn from the seed and the client's name alone: a million
 * of them take no memory.
 *
 * @throws FedkitError `OUT_OF_RANGE` for options out of range.
 */
export function logNormalDevices(options: DeviceDistribution): Devices['of'] {
  checkOptions('logNormalDevices', options, {
    up: true,
    down: true,
    secondsPerStep: true,
    latency: true,
    spread: true,
    seed: true,
  } satisfies OptionNames<typeof options>);
  const where = 'logNormalDevices';
  const up = checkPositive(`${where}: up`, options.up);
  const down = checkPositive(`${where}: down`, options.down);
  const secondsPerStep = checkNumber(`${where}: secondsPerStep`, options.secondsPerStep, 0);
  const latency = checkNumber(`${where}: latency`, options.latency ?? 0, 0);
  const spread = checkNumber(`${where}: spread`, options.spread ?? 1, 0);
  const root = seededRng(options.seed);
  const drawn = (median: number, rng: SeededRng) => median * exp(spread * normal(rng));
  return (client) => ({
    up: drawn(up, root.fork('up', client)),
    down: drawn(down, root.fork('down', client)),
    secondsPerStep: drawn(secondsPerStep, root.fork('step', client)),
    latency,
  });
}

/** When a client's device can be asked, in seconds of the virtual clock: [from, until). */
export type AvailabilityTrace = readonly (readonly [from: number, until: number])[];

/**
 * Availability as it was recorded, again and again after `period` seconds, such as a day. A client without a trace is always there.
 *
 * @throws FedkitError `OUT_OF_RANGE` for a period that is not > 0, and for a stretch that does not lie within it.
 */
export function tracedAvailability(
  traces: Readonly<Record<ClientId, AvailabilityTrace>>,
  options: { readonly period: number },
): NonNullable<Devices['available']> {
  checkOptions('tracedAvailability', options, { period: true } satisfies OptionNames<typeof options>);
  const period = checkPositive('tracedAvailability: period', options.period);
  for (const [client, trace] of Object.entries(traces)) {
    for (const [from, until] of trace) {
      checkNumber(`tracedAvailability: ${client}: until`, until, 0, period);
      checkNumber(`tracedAvailability: ${client}: from`, from, 0, until);
    }
  }
  return (client, seconds) => {
    if (!Object.hasOwn(traces, client)) return true;
    const now = seconds % period;
    return traces[client].some(([from, until]) => from <= now && now < until);
  };
}
