/** A line of the log: JSON, with its time. */
export const say = (event: Readonly<Record<string, unknown>>): void =>
  console.log(JSON.stringify({ time: new Date().toISOString(), ...event }));
