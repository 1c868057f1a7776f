/**
 * Of one tenant, a few operations are executed at a time. One that waited for others begins in a turn of its own,
 * because the one before it has used the event loop until now.
 */
import type { Context } from '../resolvers/context.js';

/** Resolves to a function that ends the execution. */
export async function beginExecution({ services, identity: { tenantId } }: Context): Promise<() => void> {
  const waits = services.executions.isFull(tenantId);
  const end = await services.executions.enter(tenantId);
  if (waits) await services.turns.nextOperation(tenantId);
  return end;
}

export async function runExecution<T>(context: Context, execute: () => Promise<T>): Promise<T> {
  const end = await beginExecution(context);
  try {
    return await execute();
  } finally {
    end();
  }
}
