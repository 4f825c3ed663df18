/**
 * Where everything is: one object that each process finds in its environment.
 *
 * @module
 */
import * as fs from 'node:fs/promises';
import { postgres, redis } from '@fedkit/bullmq';
import { fileStore } from '@fedkit/core';
import { storeBlobs } from '@fedkit/core/engine';

/** Of the cluster. */
export interface Setting {
  /** `redis://…` or `postgres://…`. */
  readonly database: string;
  /** A folder that front ends and workers see. */
  readonly blobs: string;
  readonly name: string;
  readonly clients: number;
  readonly rounds: number;
  /** Where the coordinator hears front ends, and where its page is. */
  readonly coordinator: { readonly url: string; readonly admin: string };
  /** Where clients ask. */
  readonly fronts: readonly string[];
  /** Where each front end and each worker tells how it is, by name. */
  readonly status: Readonly<Record<string, string>>;
}

/** @throws Error where nothing says so. */
export function setting(): Setting {
  const text = process.env.CLUSTER;
  if (text === undefined) throw new Error('CLUSTER: expected the setting as JSON, got nothing');
  return JSON.parse(text) as Setting;
}

/** What only front ends and the coordinator know: 32 bytes as 64 hexadecimal digits. */
export function clusterKey(): Uint8Array {
  const key = Buffer.from(process.env.CLUSTER_KEY ?? '', 'hex');
  if (key.length !== 32) throw new Error('CLUSTER_KEY: expected 64 hexadecimal digits');
  return new Uint8Array(key);
}

export const databaseOf = ({ database: url }: Setting) =>
  url.startsWith('redis') ? redis({ url }) : postgres({ url });
export const blobsOf = ({ blobs }: Setting) => storeBlobs(fileStore(fs, blobs));
/** Host and port of a URL, to listen there. In a container every address of it is listened on. */
export const place = (url: string): { readonly host: string; readonly port: number } => {
  const { hostname, port } = new URL(url);
  return { host: process.env.CLUSTER_HOST ?? hostname, port: Number(port) };
};
