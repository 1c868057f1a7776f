/**
 * Gives a tenant an initial catalog from the words of a bundle. Words of a later bundle are added at the next start.
 * Existing items, which may have been edited or archived, are unchanged.
 */
import type { Bundle } from '../inference/index.js';
import { newId } from '../storage/identifiers.js';
import { defects, products } from '../storage/tables.js';
import type { TenantScope } from '../storage/tenantScope.js';

export async function seedCatalog(scope: TenantScope, bundle: Bundle): Promise<void> {
  const { vocabulary } = bundle.manifest;
  const common = (word: string) => ({
    id: newId(),
    name: word,
    promptName: word,
    givenPromptName: word,
    createdAt: new Date(),
  });
  await scope.transaction(async ({ database, own }) => {
    await database
      .insert(products)
      .values(vocabulary.products.map((word) => own({ ...common(word), partNumber: codeForWord(word) })))
      .onConflictDoNothing();
    await database
      .insert(defects)
      .values(vocabulary.defects.map((word) => own({ ...common(word), code: codeForWord(word) })))
      .onConflictDoNothing();
  });
}

/** "metal nut" → "METAL_NUT" */
function codeForWord(word: string): string {
  return word.toUpperCase().replaceAll(' ', '_');
}
