// Who asks: a token proves a name, and no register is kept.
import { createHmac, timingSafeEqual } from 'node:crypto';

/** `id.signature`, for the client of that name. */
export function tokenOf(id: string, secret: string): string {
  return `${id}.${createHmac('sha256', secret).update(id).digest('hex')}`;
}

/** The client of a request, if its token is right. */
export function clientOf(request: Request, secret: string): string | undefined {
  const token = (request.headers.get('authorization') ?? '').replace(/^Bearer /, '');
  const id = token.slice(0, Math.max(0, token.lastIndexOf('.')));
  const [given, right] = [Buffer.from(token), Buffer.from(tokenOf(id, secret))];
  return id !== '' && given.length === right.length && timingSafeEqual(given, right) ? id : undefined;
}
