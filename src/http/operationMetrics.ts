/** Counts operations by what they are, and by whose fault it was when they failed. */
import { requestsTotal } from '../observability/metrics.js';
import { isServerFault } from './publicErrors.js';

/** @param operation query, mutation or subscription; undefined where it could not be read. */
export function countOperation(operation: string | undefined, errors: readonly unknown[] | undefined): void {
  const outcome =
    errors === undefined || errors.length === 0 ? 'ok' : errors.some(isServerFault) ? 'failed' : 'refused';
  requestsTotal.inc({ operation: operation ?? 'unknown', outcome });
}
