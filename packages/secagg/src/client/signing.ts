/**
 * What signatures are to a client, apart from the rest: one of rounds which nobody signs carries nothing of it.
 *
 * @module
 */
import { utf8Decode } from '@fedkit/core/internal';
import { admittedKey, type Directory } from '../directory.ts';
import { signMessage, verifyMember } from '../identity.ts';
import type { Member } from '../messages/member.ts';
import { nameOf } from './names.ts';
import { type ClientRound, refuseMessage } from './round.ts';

/** For rounds with identities: {@link signing}. */
export interface Signing {
  readonly sign: typeof signMessage;
  /** @throws FedkitError `AUTHENTICATION_FAILED` for members that the directory does not know by their signatures. */
  readonly check: (round: ClientRound, directory: Directory, members: readonly Member[]) => void;
}

/** The one there is. */
export const signing: Signing = {
  sign: signMessage,
  check({ provider, config, configDigest }, directory, members) {
    const owners = new Set<string>();
    for (const member of members) {
      const key = admittedKey(provider, directory, utf8Decode(member.id));
      verifyMember(provider, config, configDigest, key, member);
      owners.add(nameOf(key));
    }
    if (owners.size !== members.length) refuseMessage('identities that differ', 'one under two ids');
  },
};
