/** A short key of everything that a sample depends on: requests with equal keys have equal results. */
import { hash } from 'node:crypto';

import type { SampleRequest } from './types.js';

/** Images given as bytes are hashed once, however many requests share them. */
const imageHashes = new WeakMap<Uint8Array, string>();

/** Leaves out the caller's ID, the fairness key, the priority, and whether there are previews. A field that is added to requests is part of the key by default. */
export function requestKey({
  id: _id,
  fairnessKey: _fairnessKey,
  priority: _priority,
  previews: _previews,
  ...drawn
}: SampleRequest): string {
  return hash('sha256', JSON.stringify(canonical(drawn)), 'base64url');
}

/** Absent, null, and `false` fields are equal. The order of an object's fields does not matter. */
function canonical(value: unknown): unknown {
  if (value instanceof Uint8Array) return { bytes: hashOf(value) };
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value)
    .filter(([, field]) => field !== null && field !== undefined && field !== false)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, field]) => [name, canonical(field)]);
}

function hashOf(bytes: Uint8Array): string {
  const known = imageHashes.get(bytes) ?? hash('sha256', bytes, 'base64url');
  imageHashes.set(bytes, known);
  return known;
}
