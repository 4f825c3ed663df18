import { startServer } from './server.ts';

const server = await startServer({ folder: 'federation', port: Number(process.env.PORT ?? 8080) });
console.log(`open ${server.url.replace('127.0.0.1', 'localhost')} in three or more tabs`);
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void server.close().then(() => process.exit()));
}
