/**
 * All that this service uses of drizzle-orm. The build bundles it into this one module, for Node.js parses the
 * package.json of drizzle-orm, which has 450 exports, once for each of its 200 modules: a quarter of the start.
 */
export {
  and,
  asc,
  count,
  desc,
  eq,
  gt,
  gte,
  ilike,
  inArray,
  isNotNull,
  isNull,
  lt,
  lte,
  max,
  ne,
  notInArray,
  or,
  sql,
} from 'drizzle-orm';
export {
  alias,
  bigint,
  boolean,
  customType,
  doublePrecision,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  uuid,
} from 'drizzle-orm/pg-core';
export { drizzle as drizzleOnPglite } from 'drizzle-orm/pglite';
export { drizzle as drizzleOnPostgres } from 'drizzle-orm/node-postgres';
