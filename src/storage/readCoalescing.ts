/**
 * Subscribers of one generation are woken together and lack the same rows: one read answers all who ask for the same before it begins,
 * when the event loop turns next. None is answered by a read that began before it asked, which might miss what it was woken for.
 */
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import type { TenantScope } from './tenantScope.js';

/** By tenant and what is read. */
const reads = new Map<string, Promise<unknown>>();

/** Not within a transaction, which sees what others do not. @param what tells the read from every other of the tenant. */
export function coalesceRead<T>({ tenantId }: TenantScope, what: string, read: () => Promise<T>): Promise<T> {
  const key = `${tenantId}/${what}`;
  const begun = reads.get(key) as Promise<T> | undefined;
  if (begun !== undefined) return begun;
  const reading = turnOfTheLoop().then(() => {
    reads.delete(key);
    return read();
  });
  reads.set(key, reading);
  return reading;
}
