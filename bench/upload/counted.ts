// A pipeline whose clients' messages are counted, in bytes, both ways.
import type { ClientHalf, Pipeline, PlainData, Update } from '@fedkit/core';

export interface Traffic {
  up: number;
  down: number;
  clients: number;
}

/** The same pipeline; what each of its clients sends and receives is added to `traffic`. The model itself is not. */
export function counted<
  S extends PlainData,
  B extends PlainData,
  C extends PlainData,
  U extends Update,
  R extends PlainData,
>(pipeline: Pipeline<S, B, C, U, R>, traffic: Traffic): Pipeline<S, B, C, U, R> {
  const client = (): ClientHalf<U> => {
    const half = pipeline.client();
    if (half.sends === 'report') {
      return {
        ...half,
        encode(task, contribution, options) {
          const report = half.encode(task, contribution, options);
          traffic.clients++;
          traffic.up += report.bytes.length;
          traffic.down += task.parameters.length;
          return report;
        },
      };
    }
    return {
      ...half,
      enter(task, options) {
        const machine = half.enter(task, options);
        traffic.clients++;
        traffic.down += task.parameters.length;
        return {
          get progress() {
            return machine.progress;
          },
          get needsInput() {
            return machine.needsInput;
          },
          setInput: (input) => machine.setInput(input),
          async start() {
            const message = await machine.start();
            traffic.up += message.length;
            return message;
          },
          async receive(message) {
            const answer = await machine.receive(message);
            traffic.down += message.length;
            traffic.up += answer?.length ?? 0;
            return answer;
          },
        };
      },
    };
  };
  return { ...pipeline, client };
}
