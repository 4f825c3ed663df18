// Requests to a server that answers each with its SHA-256: whole ones, and in pieces.
const sha256 = async (bytes) => new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));

/** What the server does with a request. */
export const handler = { handle: (_client, request) => sha256(request) };

/** Who it lets in. */
export const authenticate = (request) => (request.headers.get('authorization') === 'Bearer 1' ? 'a' : undefined);

/** How many of the answers were right. */
export async function exchanges(fetchExchange, url) {
  const requests = [0, 1, 100_000, 1_000_000].map((length) => new Uint8Array(length).map((_, i) => i * 31));
  const exchange = fetchExchange({ url, headers: { authorization: 'Bearer 1' }, chunkSize: 65_536 });
  let exact = 0;
  for (const request of requests) {
    const [got, expected] = [await exchange(request), await sha256(request)];
    if (got.length === 32 && got.every((byte, i) => byte === expected[i])) exact++;
  }
  return `${exact} of ${requests.length}`;
}
