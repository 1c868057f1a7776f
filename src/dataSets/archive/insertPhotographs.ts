/** Inserts the photographs and masks of an archive, in a few statements and in the transaction of the caller. */
import { scheduleRemoval } from '../../artifacts/pendingFiles.js';
import type { NewArtifact } from '../../artifacts/writeArtifacts.js';
import { insertArtifacts } from '../../artifacts/writeArtifacts.js';
import { photographHash } from '../../references/decodedFiles.js';
import type { NewMask } from '../../references/masks.js';
import { and, eq, inArray, isNull, or } from '../../storage/drizzle.js';
import { newId } from '../../storage/identifiers.js';
import { artifacts, references, regionMasks } from '../../storage/tables.js';
import type { TenantScope } from '../../storage/tenantScope.js';

export interface StoredPhotograph {
  /** Of its file in the archive. */
  readonly name: string;
  readonly productId: string;
  readonly defectId: string | null;
  readonly width: number;
  readonly height: number;
  readonly pixelHash: string;
  readonly mask: NewMask | null;
  /** Of the photograph and of its mask. Undefined where the tenant has the same pixels already. */
  readonly file: NewArtifact | undefined;
  readonly maskFile: NewArtifact | undefined;
}

/** The ids of the photographs, in their order. What the tenant has already is found, and restored if it was archived. */
export async function insertPhotographs(
  tx: TenantScope,
  photographs: readonly StoredPhotograph[],
  createdBy: string | null,
): Promise<readonly string[]> {
  const masks = photographs.flatMap(({ mask, maskFile }) =>
    mask === null ? [] : [{ ...mask, key: mask.hash, file: maskFile }],
  );
  const maskIds = await insertMissing(tx, masks, {
    async find(hashes) {
      const found = await tx.database
        .select({ id: regionMasks.id, key: regionMasks.hash })
        .from(regionMasks)
        .where(tx.rows(regionMasks, inArray(regionMasks.hash, [...hashes])));
      return new Map(found.map(({ id, key }) => [key, id]));
    },
    async insert(missing) {
      const rows = missing.map(({ key: _, file, ...mask }) => tx.own({ ...mask, ...rowOf(file) }));
      await tx.database.insert(regionMasks).values(rows).onConflictDoNothing();
    },
  });
  const wanted = photographs.map(({ mask, maskFile: _, ...photograph }) => {
    const maskId = mask === null ? null : (maskIds.get(mask.hash) ?? null);
    const hash = photographHash(photograph.pixelHash, { defectId: photograph.defectId, maskId });
    return { ...photograph, maskId, hash, key: keyOf(photograph.productId, hash) };
  });
  // Pairs: another product's photograph with the same pixels is not in the archive.
  const byProduct = [...Map.groupBy(wanted, ({ productId }) => productId)];
  const ids = await insertMissing(tx, wanted, {
    async find() {
      const restored = await tx.database
        .update(references)
        .set({ archivedAt: null })
        .where(tx.rows(references, or(...byProduct.map(([id, photographs]) => hasHash(id, photographs)))))
        .returning({ id: references.id, productId: references.productId, hash: references.hash });
      return new Map(restored.map(({ id, productId, hash }) => [keyOf(productId, hash), id]));
    },
    async insert(missing) {
      const rows = missing.map(({ key: _, file, ...photograph }) =>
        tx.own({ ...photograph, createdBy, ...rowOf(file) }),
      );
      await tx.database.insert(references).values(rows).onConflictDoNothing();
    },
  });
  await completeOlder(
    tx,
    wanted.map(({ key, pixelHash }) => ({ id: ids.get(key) ?? '', pixelHash })),
  );
  return wanted.map(({ key }) => ids.get(key) ?? '');
}

const hasHash = (productId: string, photographs: readonly { readonly hash: string }[]) =>
  and(
    eq(references.productId, productId),
    inArray(
      references.hash,
      photographs.map(({ hash }) => hash),
    ),
  );

/** Photographs of a version that did not record the hash of their pixels. */
async function completeOlder(
  { database, rows }: TenantScope,
  photographs: readonly { readonly id: string; readonly pixelHash: string }[],
): Promise<void> {
  const found = await database
    .select({ id: references.id })
    .from(references)
    .where(
      rows(
        references,
        isNull(references.pixelHash),
        inArray(
          references.id,
          photographs.map(({ id }) => id),
        ),
      ),
    );
  const older = new Set(found.map(({ id }) => id));
  for (const { id, pixelHash } of photographs.filter((one) => older.has(one.id)))
    await database
      .update(references)
      .set({ pixelHash })
      .where(rows(references, eq(references.id, id)));
}

interface Keyed {
  readonly key: string;
  readonly file: NewArtifact | undefined;
}

interface Rows<T> {
  /** The ids of the rows that are there, by their keys. */
  find(keys: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** Leaves out rows that another transaction inserted in the meantime. */
  insert(missing: readonly (T & { readonly file: NewArtifact })[]): Promise<void>;
}

async function insertMissing<T extends Keyed>(
  tx: TenantScope,
  items: readonly T[],
  { find, insert }: Rows<T>,
): Promise<ReadonlyMap<string, string>> {
  const byKey = new Map(items.toReversed().map((item) => [item.key, item]));
  const keys = [...byKey.keys()];
  if (keys.length === 0) return new Map();
  const known = await find(keys);
  const missing = [...byKey.values()]
    .filter(({ key }) => !known.has(key))
    .map((item) => {
      if (item.file === undefined) throw new Error('a stored image disappeared during the transaction');
      return { ...item, file: item.file };
    });
  if (missing.length === 0) return known;
  await insertArtifacts(
    tx,
    missing.map(({ file }) => file),
  );
  await insert(missing);
  const all = await find(keys);
  await removeUnused(
    tx,
    missing.map(({ file }) => file.key),
  );
  return all;
}

/** The files of rows that another transaction inserted first. */
async function removeUnused(tx: TenantScope, keys: readonly string[]): Promise<void> {
  const { database, rows } = tx;
  const used = new Set<string>();
  for (const table of [regionMasks, references]) {
    const found = await database
      .select({ key: table.artifactKey })
      .from(table)
      .where(rows(table, inArray(table.artifactKey, [...keys])));
    for (const { key } of found) used.add(key);
  }
  const unused = keys.filter((key) => !used.has(key));
  if (unused.length === 0) return;
  await database.delete(artifacts).where(rows(artifacts, inArray(artifacts.key, unused)));
  await scheduleRemoval(tx, unused);
}

const keyOf = (productId: string, hash: string): string => `${productId} ${hash}`;

function rowOf({ key: artifactKey, createdAt }: NewArtifact) {
  return { id: newId(), artifactKey, createdAt };
}
