/**
 * The leases of a queue that is a table. A worker claims a row with a lease and renews it while it works; a lease that runs out gives
 * the row back. Every write of a worker is fenced: it takes effect only while the worker holds the row, so a worker that was taken for
 * dead, or whose row was canceled, changes nothing.
 *
 * `lease_owner` and `lease_until` together say where a row with the status of a claim stands:
 * owner and time: held until then; no owner and a time: nobody may claim it before then; no time: anybody may claim it.
 */
import type { SQL } from 'drizzle-orm';
import { and, eq, inArray, isNotNull, sql } from '../storage/drizzle.js';
import type { PgColumn, PgTable } from 'drizzle-orm/pg-core';
import type { Database } from '../storage/database.js';

/** The row is no longer this worker's: it was canceled or deleted, or its lease ran out and another worker took it. */
export class ClaimLostError extends Error {
  override readonly name = 'ClaimLostError';
}

/** Who holds a lease, and for how long without renewing it. */
export interface LeaseHolder {
  readonly owner: string;
  readonly leaseSeconds: number;
}

interface LeasedTable extends PgTable {
  readonly id: PgColumn;
  readonly status: PgColumn;
  readonly attempts: PgColumn;
  readonly leaseOwner: PgColumn;
  readonly leaseUntil: PgColumn;
}

export interface Lease {
  /** The fence: the condition under which a write of the owner takes effect. */
  heldBy(owner: string, ids: readonly string[]): SQL | undefined;
  /** A fenced write. @throws ClaimLostError */
  update(database: Database, owner: string, id: string, changes: object): Promise<void>;
  /** Renews the leases of the ids and returns those that the holder still has. */
  renew(database: Database, holder: LeaseHolder, ids: readonly string[]): Promise<ReadonlySet<string>>;
  /**
   * The changes that give a claim back unharmed: the attempt does not count.
   * @param delaySeconds how long nobody may claim it.
   */
  released(delaySeconds?: number): object;
  /** Ends the leases of all workers. For the start of the only process that can have the database open. */
  expireAll(database: Database, delay?: SQL): Promise<void>;
}

/** @param claimedStatus the status of the rows that are claimed. */
export function leaseOf(table: LeasedTable, claimedStatus: string): Lease {
  const heldBy = (owner: string, ids: readonly string[]): SQL | undefined =>
    and(inArray(table.id, [...ids]), eq(table.status, claimedStatus), eq(table.leaseOwner, owner));
  return {
    heldBy,
    async update(database, owner, id, changes) {
      const held = await database
        .update(table)
        .set(changes)
        .where(heldBy(owner, [id]))
        .returning({ id: table.id });
      if (held.length === 0) throw claimLost(id, owner);
    },
    async renew(database, { owner, leaseSeconds }, ids) {
      if (ids.length === 0) return new Set();
      const renewed = await database
        .update(table)
        .set({ leaseUntil: secondsFromNow(leaseSeconds) })
        .where(heldBy(owner, ids))
        .returning({ id: table.id });
      return new Set(renewed.map(({ id }) => id as string));
    },
    released: (delaySeconds = 0) => ({
      leaseOwner: null,
      leaseUntil: delaySeconds === 0 ? null : secondsFromNow(delaySeconds),
      attempts: sql`greatest(0, ${table.attempts} - 1)`,
    }),
    async expireAll(database, delay) {
      await database
        .update(table)
        .set({ leaseOwner: null, leaseUntil: delay === undefined ? null : sql`now() + ${delay}` })
        .where(and(eq(table.status, claimedStatus), isNotNull(table.leaseOwner)));
    },
  };
}

export function claimLost(id: string, owner: string): ClaimLostError {
  return new ClaimLostError(`${id} is no longer held by ${owner}`);
}

export function secondsFromNow(seconds: number): SQL {
  return sql`now() + ${seconds} * interval '1 second'`;
}
