/**
 * What makes a deep queue and a large catalog cost no more than small ones. Only indexes: an older version beside this one
 * misses nothing.
 */
import { TURN } from '../turn.js';

export const depth: readonly string[] = [
  `create index generation_turn on generation (tenant_id, ${TURN}, id) where status = 'QUEUED'`,
  `create index generation_running on generation (tenant_id) where status = 'RUNNING'`,
  `create index generation_waiting on generation (priority) include (tenant_id, count, pixel_steps) where status = 'QUEUED'`,
  `create index generation_by_status on generation (tenant_id, status, id)`,
  `drop index generation_open`,
];
