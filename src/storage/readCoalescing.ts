/**
 * Subscribers of one generation wake up together and read the same rows. One read answers everyone who asks for the
 * same rows before it starts, in the next iteration of the event loop. A read that started earlier is never shared,
 * because it could miss the rows of the notification.
 */
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import type { TenantScope } from './tenantScope.js';

/** By tenant and name of the read. */
const reads = new Map<string, Promise<unknown>>();

/**
 * Do not call it in a transaction, which sees other rows.
 * @param what identifies the read within the tenant
 */
export function coalesceRead<T>({ tenantId }: TenantScope, what: string, read: () => Promise<T>): Promise<T> {
  const key = `${tenantId}/${what}`;
  const pending = reads.get(key) as Promise<T> | undefined;
  if (pending !== undefined) return pending;
  const reading = turnOfTheLoop().then(() => {
    reads.delete(key);
    return read();
  });
  reads.set(key, reading);
  return reading;
}
