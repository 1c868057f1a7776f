/**
 * The class numbers and folder names of a tenant's exports. A defect gets its number, and a defect or product its
 * folder, at the first export with it, and keeps them: neither depends on what else is in an export, and the lists only
 * grow. So labels of two exports agree, and their files can lie in one folder.
 */
import { and, asc, eq, inArray, isNull, max } from '../storage/drizzle.js';
import { defects, exportLabels, products } from '../storage/tables.js';
import type { TenantScope } from '../storage/tenantScope.js';
import type { SubjectKind } from './exportSubjects.js';
import { subjectsOf } from './exportSubjects.js';
import { GOOD_FOLDER } from './layouts/layout.js';
import { SIDECAR_FOLDER } from './sidecar.js';
import { foldedName, nameBeside } from './safeNames.js';

const TAKEN: Record<SubjectKind, string> = { PRODUCT: SIDECAR_FOLDER, DEFECT: GOOD_FOLDER };
const ROWS_PER_STATEMENT = 500;

/** Run it under the lock of the admission, which makes the numbers unique. */
export async function giveLabels(scope: TenantScope, exportId: string): Promise<void> {
  const { database, rows, own } = scope;
  for (const kind of ['PRODUCT', 'DEFECT'] as const) {
    const fresh = await withoutLabel(scope, kind, exportId);
    if (fresh.length === 0) continue;
    const given = await database
      .select({ folded: exportLabels.folded })
      .from(exportLabels)
      .where(rows(exportLabels, eq(exportLabels.kind, kind)));
    const used = new Set([foldedName(TAKEN[kind]), ...given.map(({ folded }) => folded)]);
    const [last] = await database
      .select({ position: max(exportLabels.position) })
      .from(exportLabels)
      .where(rows(exportLabels, eq(exportLabels.kind, kind)));
    const first = (last?.position ?? -1) + 1;
    const values = fresh.map(({ id, code }, i) => {
      const folder = nameBeside(code, used);
      used.add(foldedName(folder));
      return own({ kind, subjectId: id, position: first + i, folder, folded: foldedName(folder) });
    });
    for (let start = 0; start < values.length; start += ROWS_PER_STATEMENT)
      await database.insert(exportLabels).values(values.slice(start, start + ROWS_PER_STATEMENT));
  }
}

/** The defects' codes in the order of their numbers. */
export async function tenantClasses({ database, rows }: TenantScope): Promise<readonly string[]> {
  const found = await database
    .select({ code: defects.code })
    .from(exportLabels)
    .innerJoin(defects, eq(defects.id, exportLabels.subjectId))
    .where(rows(exportLabels, eq(exportLabels.kind, 'DEFECT')))
    .orderBy(asc(exportLabels.position));
  return found.map(({ code }) => code);
}

/** The products or defects in the export that have no label yet, sorted by code. */
async function withoutLabel(scope: TenantScope, kind: SubjectKind, exportId: string) {
  const { database, rows } = scope;
  const [table, code] =
    kind === 'PRODUCT' ? ([products, products.partNumber] as const) : ([defects, defects.code] as const);
  const found = await database
    .select({ id: table.id, code })
    .from(table)
    .leftJoin(exportLabels, and(eq(exportLabels.subjectId, table.id), eq(exportLabels.kind, kind)))
    .where(rows(table, inArray(table.id, subjectsOf(scope, exportId, kind)), isNull(exportLabels.subjectId)));
  return found.sort((a, b) => (a.code < b.code ? -1 : 1));
}
