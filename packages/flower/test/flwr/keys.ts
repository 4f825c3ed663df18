/**
 * What operators of a federation make by `openssl` and `ssh-keygen`: a certificate, a node's key.
 *
 * @module
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A certificate of this machine that signs itself: the files of its key and of itself. */
export function certificateIn(folder: string): { readonly key: string; readonly certificate: string } {
  const [key, certificate] = ['tls.key', 'tls.pem'].map((name) => join(folder, name));
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  const words = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', certificate, '-days', '2'];
  execFileSync('openssl', [...words, ...names], { stdio: 'ignore' });
  return { key, certificate };
}

/** As `ssh-keygen -t ecdsa -b 384` does, which not every machine has; what flwr itself is installed with does it too. */
const KEYGEN = `
import sys
from cryptography.hazmat.primitives import serialization as s
from cryptography.hazmat.primitives.asymmetric import ec
key = ec.generate_private_key(ec.SECP384R1())
with open(sys.argv[1], "wb") as file:
    file.write(key.private_bytes(s.Encoding.PEM, s.PrivateFormat.OpenSSH, s.NoEncryption()))
with open(sys.argv[1] + ".pub", "wb") as file:
    file.write(key.public_key().public_bytes(s.Encoding.OpenSSH, s.PublicFormat.OpenSSH))
`;

/** A SuperNode's key: the file of its secret, and the line of its public key. */
export function sshKeyIn(
  environment: string,
  folder: string,
  name: string,
): { readonly file: string; readonly line: string } {
  const file = join(folder, name);
  execFileSync(join(environment, 'bin/python'), ['-c', KEYGEN, file]);
  return { file, line: readFileSync(`${file}.pub`, 'utf8') };
}
