// pnpm bench accounting [rounds, default 7]: how fast an ε is had.
// pnpm bench accounting fuzz [events] [seed] [events for dp_accounting]: whether it is right, over the whole range.
if (process.argv[2] === 'fuzz') {
  const { fuzz } = await import('./fuzz.ts');
  if (!(await fuzz(process.argv.slice(3)))) process.exitCode = 1;
} else {
  await import('./speed.ts');
}
