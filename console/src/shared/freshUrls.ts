/**
 * The URLs of images and archives expire. One that does not load is replaced by a new one of the same file, which the
 * object that has the file is asked for: a sample, photograph, training, or export.
 */
import type { Client } from 'urql';
import { FreshUrlsDocument } from '../generated/graphql.ts';

/** Of one file, without a success in between: it may be gone for good. */
const ATTEMPTS = 3;

/** URLs that did not load. */
const broken = new Set<string>();
/** By the path, which is that of the file. */
const newest = new Map<string, string>();
const attempts = new Map<string, number>();
const asking = new Map<string, Promise<void>>();
const listeners = new Set<() => void>();

export function listen(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The URL itself, unless it did not load and there is a newer one. */
export function currentUrl(url: string): string {
  return broken.has(url) ? (newest.get(pathOf(url)) ?? url) : url;
}

export function succeeded(url: string): void {
  attempts.delete(pathOf(url));
}

/** @param owner the id of the object that has the file */
export async function renewUrl(client: Client, owner: string, url: string): Promise<void> {
  const path = pathOf(url);
  broken.add(url);
  const known = newest.get(path);
  if (known === undefined || broken.has(known)) {
    const tried = attempts.get(path) ?? 0;
    if (tried === ATTEMPTS) return;
    attempts.set(path, tried + 1);
    await askOnce(client, owner);
  }
  for (const listener of listeners) listener();
}

/** The file, however old its URL is. */
export async function fetchFile(client: Client, owner: string, url: string): Promise<Blob> {
  const first = await fetch(currentUrl(url));
  if (first.ok) return first.blob();
  await renewUrl(client, owner, currentUrl(url));
  const second = await fetch(currentUrl(url));
  if (second.ok) return second.blob();
  throw new Error(`HTTP ${String(second.status)}`);
}

/** Many files of one object are asked for at the same time. */
function askOnce(client: Client, owner: string): Promise<void> {
  const running = asking.get(owner);
  if (running !== undefined) return running;
  const asked = client
    .query(FreshUrlsDocument, { id: owner }, { requestPolicy: 'network-only' })
    .toPromise()
    .then(({ data }) => {
      for (const url of urlsIn(data?.node)) newest.set(pathOf(url), url);
    })
    .finally(() => asking.delete(owner));
  asking.set(owner, asked);
  return asked;
}

function urlsIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, part]) =>
    typeof part === 'string' && (name === 'url' || name === 'thumbnailUrl') ? [part] : urlsIn(part),
  );
}

function pathOf(url: string): string {
  const { origin, pathname } = new URL(url, window.location.href);
  return `${origin}${pathname}`;
}
