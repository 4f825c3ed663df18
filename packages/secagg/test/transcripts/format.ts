// The shape of transcripts.json. Bytes are lowercase hexadecimal.

/** One client's secrets, as it drew them. */
export interface ClientVector {
  readonly id: string;
  readonly channelSecret: string;
  readonly maskSecret: string;
  /** Its part of the joint seed; Harary graphs only. */
  readonly part?: string;
  /** Empty for one that never drew it. */
  readonly selfMaskSeed: string;
  /** Ed25519 keys; where the round has identities. */
  readonly identity?: { readonly secretKey: string; readonly publicKey: string };
  readonly weight: number;
  readonly input: Readonly<Record<string, readonly number[]>>;
}

/** One message of a round, in the order they were sent. */
export interface MessageVector {
  readonly direction: 'up' | 'down';
  readonly client: string;
  readonly stage: string;
  readonly bytes: string;
}

/** A whole round. */
export interface RoundVector {
  readonly name: string;
  /** Canonical encoding of the configuration. */
  readonly config: string;
  readonly configDigest: string;
  readonly transcript: string;
  readonly clients: readonly ClientVector[];
  /** Who fell silent where. */
  readonly drop: Readonly<Record<string, readonly string[]>>;
  readonly messages: readonly MessageVector[];
  /** Holders that released another share of a dealer than they were dealt, or none. */
  readonly lies?: readonly { readonly holder: string; readonly dealer: string; readonly found: 'wrong' | 'missing' }[];
  /** What the openings at the end say of each lie. */
  readonly verdicts?: readonly {
    readonly dealer: string;
    readonly holder: string;
    readonly kind: string;
    readonly verdict: string;
  }[];
  readonly survivors: readonly string[];
  readonly weight: number;
  readonly sums: Readonly<Record<string, readonly number[]>>;
}

/** The round around negative vectors: honest but for what its name says, and everything to build each party's state again. */
export interface NegativeRoundVector {
  readonly name: string;
  readonly config: string;
  readonly configDigest: string;
  readonly clients: readonly ClientVector[];
  readonly messages: readonly MessageVector[];
}

/**
 * A message that must be refused in the round number `round` of the negative rounds: by the server once it has taken all messages
 * before those that clients send in `stage`; by a client in the place of what it was sent in `stage`. In `released` a client has
 * answered the request of `unmask`, in `openings` that for openings.
 */
export interface NegativeVector {
  readonly round: number;
  /** Absent: semi-honest. */
  readonly mode?: 'malicious';
  readonly why: string;
  readonly side: 'client' | 'server';
  readonly stage: string;
  readonly client: string;
  readonly bytes: string;
  readonly code: string;
}
