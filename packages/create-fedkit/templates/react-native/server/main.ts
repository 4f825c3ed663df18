// TOKEN_SECRET=… npm run server            serves on PORT, default 8080
// TOKEN_SECRET=… npm run server token ann  prints the token of the user ann
import { startServer } from './server.ts';
import { tokenOf } from './tokens.ts';

const secret = process.env.TOKEN_SECRET ?? '';
if (secret.length < 32) throw new Error('TOKEN_SECRET: expected 32 characters or more');
const [command, id] = process.argv.slice(2);
if (command === 'token' && id) console.log(tokenOf(id, secret));
else {
  const port = Number(process.env.PORT ?? 8080);
  const server = await startServer({ folder: 'federation', secret, port, host: '0.0.0.0' });
  console.log(`serving ${server.url}; put TLS before it`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void server.close().then(() => process.exit()));
  }
}
