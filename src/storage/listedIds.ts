import type { SQL } from 'drizzle-orm';
import { sql } from './drizzle.js';

/** A query of these ids. */
export function listedIds(ids: readonly string[]): SQL {
  return sql`select jsonb_array_elements_text(${JSON.stringify(ids)}::jsonb)::uuid`;
}
