/** Counts operations by type and outcome. A failure is the service's fault or the caller's. */
import { requestsTotal } from '../observability/metrics.js';
import { isServerFault } from './publicErrors.js';

/** @param operation query, mutation, or subscription; undefined if it could not be parsed */
export function countOperation(operation: string | undefined, errors: readonly unknown[] | undefined): void {
  const outcome =
    errors === undefined || errors.length === 0 ? 'ok' : errors.some(isServerFault) ? 'failed' : 'refused';
  requestsTotal.inc({ operation: operation ?? 'unknown', outcome });
}
