/** An import with its codes and names in the form in which they are stored (codes.ts). */
import { canonicalCode, canonicalName } from '../canonicalCode.js';
import type { CatalogImport } from './validateImport.js';

export function canonicalImport(input: CatalogImport): CatalogImport {
  const optional = (text: string | null | undefined) => (text == null ? text : canonicalName(text));
  const items = (list: CatalogImport['products']) =>
    list?.map(({ code, name, promptName, ...rest }) => ({
      ...rest,
      code: canonicalCode(code),
      ...(name !== undefined && { name: optional(name) }),
      ...(promptName !== undefined && { promptName: optional(promptName) }),
    }));
  const aliases = input.aliases.map(({ scheme, externalCode, ...item }) => ({
    ...item,
    alias: canonicalName(item.alias),
    ...(scheme !== undefined && { scheme: optional(scheme) }),
    ...(externalCode !== undefined && { externalCode: externalCode === null ? null : canonicalCode(externalCode) }),
  }));
  return { ...input, products: items(input.products), defects: items(input.defects), aliases };
}
