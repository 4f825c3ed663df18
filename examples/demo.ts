// Which demo: `demo` is federated averaging on MNIST, `demo --private` the same with nobody seeing an update.
await (process.argv.includes('--private') ? import('./private/main.ts') : import('./mnist/main.ts'));
