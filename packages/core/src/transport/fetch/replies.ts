/**
 * What `serve` knows of the handlers that `fetchHandler` makes: the answer as bytes, before it is a `Response`.
 *
 * @module
 */

/** A response before it is one. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** A host's handler. */
export type Handler = (request: Request) => Promise<Response>;

const REPLIES = new WeakMap<Handler, (request: Request) => Promise<Reply>>();

/** The handler that answers as `reply` does. */
export function handlerOf(reply: (request: Request) => Promise<Reply>): Handler {
  const handler: Handler = async (request) => {
    const { status, headers, body } = await reply(request);
    const empty = status === 204;
    return new Response(empty ? null : (body as Uint8Array<ArrayBuffer>), { status, headers });
  };
  REPLIES.set(handler, reply);
  return handler;
}

/** What a handler that {@link handlerOf} made answers, without a `Response` around it. */
export function replyOf(handler: Handler): ((request: Request) => Promise<Reply>) | undefined {
  return REPLIES.get(handler);
}
