/** Stores identical images once: a row with a file is found by its pixels or inserted. */
import { eq } from '../storage/drizzle.js';
import { scheduleRemoval } from '../artifacts/pendingFiles.js';
import type { NewArtifact } from '../artifacts/writeArtifacts.js';
import { insertArtifacts } from '../artifacts/writeArtifacts.js';
import { artifacts } from '../storage/tables.js';
import type { TenantScope } from '../storage/tenantScope.js';

interface FindOrInsert<T> {
  find(): Promise<T | undefined>;
  /** Undefined when another transaction inserted the same pixels in the meantime. */
  insert(artifactKey: string, createdAt: Date): Promise<T | undefined>;
}

/** Runs in a transaction. Without a file, the row must exist. */
export async function findOrInsert<T>(
  scope: TenantScope,
  file: NewArtifact | undefined,
  { find, insert }: FindOrInsert<T>,
): Promise<T> {
  const known = await find();
  if (known !== undefined) return known;
  if (file === undefined) throw new Error('a stored image disappeared during the transaction');
  await insertArtifacts(scope, [file]);
  const inserted = await insert(file.key, file.createdAt);
  if (inserted !== undefined) return inserted;
  await scope.database.delete(artifacts).where(scope.rows(artifacts, eq(artifacts.key, file.key)));
  await scheduleRemoval(scope, [file.key]);
  const other = await find();
  if (other === undefined) throw new Error('an image conflicts with a row that does not exist');
  return other;
}
