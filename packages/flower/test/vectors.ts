import vectors from './vectors/flwr.json' with { type: 'json' };

export { vectors };

/** The bytes of base64. */
export function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

/** A message of the vectors: its root's id, and the bytes of every object by id. */
export function objectsOf(message: { readonly id: string; readonly objects: object }): {
  readonly id: string;
  readonly get: (id: string) => Uint8Array | undefined;
} {
  const objects = new Map(
    Object.entries(message.objects as Record<string, string>).map(([id, text]) => [id, bytesOf(text)]),
  );
  return { id: message.id, get: (id) => objects.get(id) };
}
