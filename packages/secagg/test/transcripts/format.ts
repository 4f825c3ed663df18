// The shape of transcripts.json. Bytes are lowercase hexadecimal.

/** One client's secrets, as it drew them. */
export interface ClientVector {
  readonly id: string;
  readonly channelSecret: string;
  readonly maskSecret: string;
  /** Its part of the joint seed; Harary graphs only. */
  readonly part?: string;
  readonly selfMaskSeed: string;
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
  readonly survivors: readonly string[];
  readonly weight: number;
  readonly sums: Readonly<Record<string, readonly number[]>>;
}

/** A message that must be refused, offered when the round of `negativeRound` has reached `stage`. */
export interface NegativeVector {
  readonly why: string;
  readonly side: 'client' | 'server';
  readonly stage: string;
  readonly client: string;
  readonly bytes: string;
  readonly code: string;
}
