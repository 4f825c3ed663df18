// Clients of a simulated round, in a process of their own: `crewApart` starts it.
import { type Asked, type Crew, crewHere, type Said } from './crew.ts';

const NOTHING: Said = { message: new Uint8Array(), cpu: 0 };
let crew: Crew;
let last: Promise<void> = Promise.resolve();

async function answerTo(asked: Asked): Promise<Said> {
  switch (asked.kind) {
    case 'config':
      crew = crewHere(asked.config, true);
      return NOTHING;
    case 'start':
      return crew.start(asked.place);
    case 'answer':
      return crew.answer(asked.place, asked.stage, asked.message);
    case 'drop':
      crew.drop(asked.place);
      return NOTHING;
    case 'end':
      await crew.end();
      process.disconnect();
      return NOTHING;
  }
}

// One after the other: what one takes is its own.
process.on('message', (asked: Asked) => {
  last = last.then(async () => {
    const said = await answerTo(asked);
    if (asked.kind !== 'end') process.send?.(said);
  });
});
