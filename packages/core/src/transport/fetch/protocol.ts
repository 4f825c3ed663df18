/**
 * What both ends of the HTTP transport agree on. Formats: docs/transports.md.
 *
 * @module
 */

/** Of a whole request, and of every response. */
export const WHOLE = 'application/octet-stream';
/** Of a piece of a request. */
export const PIECE = 'application/vnd.fedkit.piece';
/** Of the number of bytes that the server has of an upload. */
export const HAVE = 'application/vnd.fedkit.have';
/** Names the client where nothing authenticates it. */
export const CLIENT_HEADER = 'fedkit-client';

/** The media type of `headers`, without parameters. */
export function mediaType(headers: Headers): string | undefined {
  return headers.get('content-type')?.split(';', 1)[0].trim().toLowerCase();
}
