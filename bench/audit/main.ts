// Claimed ε beside what one run proves, on MNIST: DP-SGD on one device (examples protected) and DP-FedAvg (users protected),
// as they ship and broken on purpose; and how often audits refute what is honest, and what is not.
// pnpm bench audit [canaries, default 5000]
// pnpm bench audit honest [runs, default 2000]
if (process.argv[2] === 'honest') await import('./honest.ts');
else await import('./trained.ts');
