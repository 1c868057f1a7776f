/** Which product or defect of the tenant a folder or label of an archive is, by its code or by the word that a model reads. */
import { canonicalCode } from '../../canonicalCode.js';
import { joinNames, quote } from '../../errors.js';
import { inArray, or, sql } from '../../storage/drizzle.js';
import { defects, products } from '../../storage/tables.js';
import type { TenantScope } from '../../storage/tenantScope.js';
import type { Layout } from './packed.js';
import type { Problems } from './problems.js';

export interface FolderIds {
  readonly products: ReadonlyMap<string, string>;
  readonly defects: ReadonlyMap<string, string>;
}

interface Item {
  readonly id: string;
  readonly code: string;
  readonly promptName: string;
  readonly archivedAt: Date | null;
}

/** By the name of the folder or label. Adds those that are not known to `problems`. */
export async function findFolders(
  { database, rows }: TenantScope,
  { photographs, namedBy }: Pick<Layout, 'photographs' | 'namedBy'>,
  problems: Problems,
): Promise<FolderIds> {
  const productFolders = [...new Set(photographs.map(({ product }) => product))];
  const defectFolders = [...new Set(photographs.flatMap(({ defect }) => defect ?? []))];
  const { id, partNumber, promptName, archivedAt } = products;
  const named = (
    code: typeof partNumber | typeof defects.code,
    word: typeof promptName | typeof defects.promptName,
    folders: readonly string[],
  ) => or(inArray(code, folders.map(canonicalCode)), inArray(sql`lower(${word})`, folders.map(promptWords)));
  const foundProducts =
    productFolders.length === 0
      ? []
      : await database
          .select({ id, code: partNumber, promptName, archivedAt })
          .from(products)
          .where(rows(products, named(partNumber, promptName, productFolders)));
  const foundDefects =
    defectFolders.length === 0
      ? []
      : await database
          .select({
            id: defects.id,
            code: defects.code,
            promptName: defects.promptName,
            archivedAt: defects.archivedAt,
          })
          .from(defects)
          .where(rows(defects, named(defects.code, defects.promptName, defectFolders)));
  return {
    products: idsOf(
      productFolders,
      foundProducts,
      { namedBy: 'folder', noun: 'product', called: 'part number' },
      problems,
    ),
    defects: idsOf(defectFolders, foundDefects, { namedBy, noun: 'defect', called: 'code' }, problems),
  };
}

interface Words {
  readonly namedBy: Layout['namedBy'];
  readonly noun: string;
  /** What its code is called. */
  readonly called: string;
}

function idsOf(
  folders: readonly string[],
  items: readonly Item[],
  words: Words,
  problems: Problems,
): ReadonlyMap<string, string> {
  const ids = new Map<string, string>();
  for (const folder of folders) {
    const found = itemOf(folder, items, words);
    if (typeof found === 'string') problems.add(found);
    else ids.set(folder, found.id);
  }
  return ids;
}

/** The item, or what is wrong. A code goes before a word, and what is not archived before what is. */
function itemOf(folder: string, items: readonly Item[], { namedBy, noun, called }: Words): Item | string {
  const exact = items.find((item) => item.code === canonicalCode(folder));
  const alike = items.filter((item) => item.promptName.toLowerCase() === promptWords(folder));
  const active = alike.filter(({ archivedAt }) => archivedAt === null);
  const subject = namedBy === 'layout' ? `what the layout calls ${quote(folder)}` : `the ${namedBy} ${quote(folder)}`;
  if (exact === undefined && active.length > 1)
    return `${subject} is the word of ${joinNames(
      active.map((item) => quote(item.code)),
      5,
    )}: ${namedBy === 'layout' ? `archive all but one, or give one this ${called}` : `name it after the ${called} of one`}`;
  const found = exact ?? active[0] ?? alike[0];
  if (found === undefined)
    return `${subject} is no ${noun} of yours: import the ${noun} with importCatalog first, with this ${called} or prompt name${namedBy === 'layout' ? '' : `, or rename the ${namedBy}`}`;
  if (found.archivedAt !== null)
    return `${subject} is the ${noun} ${quote(found.code)}, which is archived: restore it with importCatalog first`;
  return found;
}

/** The words that a model reads for the name of a folder: "metal_nut" is "metal nut". */
export function promptWords(folder: string): string {
  return folder.normalize('NFC').replaceAll('_', ' ').trim().replace(/\s+/gu, ' ').toLowerCase();
}
