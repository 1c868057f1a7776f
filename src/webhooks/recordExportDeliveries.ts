/** Records the end of an export for webhooks and MQTT (deliverEvent.ts). */
import type { ExportRow } from '../storage/tables.js';
import type { TenantScope } from '../storage/tenantScope.js';
import { deliverEvent, receiversOf } from './deliverEvent.js';

/** Must run within the transaction that ends the export. As for generations, no URL: a query by id returns a fresh one. */
export async function recordExportDelivery(scope: TenantScope, row: ExportRow, at: Date): Promise<void> {
  const event = row.status === 'SUCCEEDED' ? 'EXPORT_SUCCEEDED' : 'EXPORT_FAILED';
  const receivers = await receiversOf(scope, event);
  if (receivers === undefined) return;
  const { id: exportId, status, format, sampleCount, photographCount, idempotencyKey, failure } = row;
  const { archiveBytes, archiveSha256 } = row;
  const counts = { sampleCount, photographCount };
  const data = { exportId, status, format, ...counts, idempotencyKey, archiveBytes, archiveSha256, error: failure };
  await deliverEvent(scope, receivers, event, at, ['exports'], [data]);
}
