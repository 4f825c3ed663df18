// What integer noise costs: beside a naive mechanism in floating point, or beside another version of itself.
// pnpm bench mechanisms [coordinates, default 1000000] [rounds, default 7]
// pnpm bench mechanisms against DIRECTORY [coordinates, default 1000000] [rounds, default 15]
if (process.argv[2] === 'against') await import('./against.ts');
else await import('./naive.ts');
