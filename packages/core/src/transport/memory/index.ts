export { memoryTransport } from './memory-transport.ts';
export { type Faults, faultyExchange, type FaultyExchangeOptions } from './faulty-exchange.ts';
export { type VirtualClock, virtualClock } from './virtual-clock.ts';
