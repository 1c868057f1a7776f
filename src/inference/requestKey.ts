/** What a sample depends on, as a short key: two requests that have the same one have the same result. */
import { hash } from 'node:crypto';

import type { SampleRequest } from './types.js';

/** One for each request, in their order. Pictures given as bytes are hashed once, however many of the requests share them. */
export function requestKeys(requests: readonly SampleRequest[]): string[] {
  const hashes = new Map<Uint8Array, string>();
  const hashOf = (bytes: Uint8Array): string => {
    const known = hashes.get(bytes) ?? hash('sha256', bytes, 'base64url');
    hashes.set(bytes, known);
    return known;
  };
  // All but who wants it and when: a field that is new to requests tells samples apart until it is named here.
  return requests.map(({ id: _id, fairnessKey: _share, priority: _priority, ...drawn }) =>
    hash('sha256', JSON.stringify(plain(drawn, hashOf)), 'base64url'),
  );
}

/** What is not there, not wanted (`false`) or left out is one and the same; the order of an object's fields says nothing. */
function plain(value: unknown, hashOf: (bytes: Uint8Array) => string): unknown {
  if (value instanceof Uint8Array) return { bytes: hashOf(value) };
  if (Array.isArray(value)) return value.map((item) => plain(item, hashOf));
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value)
    .filter(([, field]) => field !== null && field !== undefined && field !== false)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, field]) => [name, plain(field, hashOf)]);
}
