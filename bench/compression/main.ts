// pnpm bench compression speed [rounds]       kernels and codecs against a copy of the same floats, and numpy
// pnpm bench compression rate                 error against bits of every codec, from its own bytes
// pnpm bench compression format               the golden vectors through a second decoder, in numpy
// pnpm bench compression fuzz [mutations]     seeded mutations of every codec's messages, a million by default
// Accuracy against bytes, both ways, is an experiment: pnpm bench experiments compression, and compression-every-step
const [topic = ''] = process.argv.slice(2);
if (topic === 'speed') await import('./speed.ts');
else if (topic === 'rate') await import('./rate.ts');
else if (topic === 'format') await import('./format.ts');
else if (topic === 'fuzz') await import('./fuzz.ts');
else {
  console.error('usage: pnpm bench compression speed [rounds] | rate | format | fuzz [mutations]');
  process.exitCode = 1;
}
