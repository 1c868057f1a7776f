/**
 * Imports an MES's catalog in one transaction of multi-row statements. Unchanged items are not written. Prompt names
 * are derived with the words and aliases that exist at the time of the import.
 */
import { isDeepStrictEqual } from 'node:util';
import { badInput, quote } from '../errors.js';
import { takeLock } from '../storage/advisoryLocks.js';
import type { TenantScope } from '../storage/tenantScope.js';
import { aliasesOf } from './aliases.js';
import { canonicalImport } from './canonicalImport.js';
import type { ImportAliasItem, CatalogImport, ImportItem } from './validateImport.js';
import { validateImport } from './validateImport.js';
import type { ModelRegistry } from './modelRegistry.js';
import type { CatalogKind, VocabularyIndex } from './promptNames.js';
import { buildVocabulary } from './promptNames.js';
import type { CatalogEntry, CatalogRepository } from './catalogRepository.js';
import { defectRepository, productRepository } from './catalogRepository.js';
import { normalizeName } from './normalizeName.js';

export interface ImportCounts {
  created: number;
  updated: number;
  unchanged: number;
  archived: number;
}

export interface ImportWarning {
  readonly field: string;
  readonly value: string;
  readonly message: string;
  readonly suggestions: string[];
}

export interface ImportResult {
  readonly products: ImportCounts;
  readonly defects: ImportCounts;
  readonly aliases: ImportCounts;
  readonly warnings: ImportWarning[];
}

interface ImportContext {
  readonly scope: TenantScope;
  readonly vocabularies: Readonly<Record<CatalogKind, VocabularyIndex>>;
  readonly warnings: ImportWarning[];
  readonly at: Date;
}

/** Small enough that one statement does not block the event loop. */
const ROWS_PER_STATEMENT = 200;

/** Imports all items or none. */
export async function importCatalog(
  tenant: TenantScope,
  models: ModelRegistry,
  limit: number,
  given: CatalogImport,
): Promise<ImportResult> {
  const input = canonicalImport(given);
  await validateImport(input, limit);
  // The default model's spelling of a word takes precedence.
  const bundles = [...new Set([models.find(), ...models.all])];
  const vocabularies = { PRODUCT: buildVocabulary(bundles, 'PRODUCT'), DEFECT: buildVocabulary(bundles, 'DEFECT') };
  return tenant.transaction(async (scope) => {
    await takeLock(scope.database, 'catalogImport', scope.tenantId);
    const warnings: ImportWarning[] = [];
    const work = { scope, vocabularies, warnings, at: new Date() };
    const { archiveMissing } = input;
    // Aliases come first, because they apply to the items beside them.
    const aliases = await importAliases(work, input.aliases);
    const products = await importItems(work, productRepository(scope), input.products, archiveMissing);
    const defects = await importItems(work, defectRepository(scope), input.defects, archiveMissing);
    return { products, defects, aliases, warnings };
  });
}

async function importAliases(
  { scope, vocabularies, warnings, at }: ImportContext,
  aliases: readonly ImportAliasItem[],
) {
  const counts = zeroCounts();
  const repository = aliasesOf(scope);
  for (const chunk of chunks(aliases)) {
    for (const kind of ['PRODUCT', 'DEFECT'] as const) {
      const items = chunk.filter((item) => item.kind === kind);
      const keys = items.map(({ alias }) => normalizeName(alias));
      const known = new Map((await repository.withKeys(kind, keys)).map((row) => [row.key, row]));
      const rows = items.map(({ alias, promptName, scheme, externalCode, path: field }) => {
        const key = normalizeName(alias);
        const before = known.get(key);
        const word = vocabularies[kind].find(promptName);
        if (word === undefined) warnings.push(unknownWord(vocabularies[kind], `${field}.promptName`, promptName));
        const code = (externalCode === undefined ? before?.externalCode : externalCode) ?? null;
        const given = (scheme === undefined ? before?.scheme : scheme) ?? null;
        if (scheme != null && code === null)
          throw badInput(`${field}.scheme`, `${quote(scheme)} needs an externalCode: it says whose code that is`);
        const codes = { scheme: code === null ? null : given, externalCode: code };
        return { kind, key, alias, promptName: word ?? promptName, ...codes, updatedAt: at };
      });
      const compared = ['alias', 'promptName', 'scheme', 'externalCode'] as const;
      const changed = rows.filter((row) => {
        const before = known.get(row.key);
        return before === undefined || compared.some((field) => row[field] !== before[field]);
      });
      await repository.write(changed);
      addCounts(counts, rows.length, changed.length, changed.filter(({ key }) => !known.has(key)).length);
    }
  }
  return counts;
}

async function importItems(
  work: ImportContext,
  repository: CatalogRepository,
  items: readonly ImportItem[] | undefined,
  archiveMissing: boolean,
): Promise<ImportCounts> {
  const counts = zeroCounts();
  if (items === undefined) return counts;
  for (const chunk of chunks(items)) {
    const known = new Map(
      (await repository.findByCodes(chunk.map(({ code }) => code))).map((entry) => [entry.code, entry]),
    );
    const entries = await resolveEntries(work, repository.kind, chunk, known);
    const changed = entries.filter((entry) => !isUnchanged(entry, known.get(entry.code)));
    if (changed.length > 0) await repository.upsert(changed, work.at);
    const created = changed.filter(({ code }) => !known.has(code)).map(({ code }) => code);
    const alike = await repository.inOtherCase(created);
    work.warnings.push(...chunk.flatMap((item) => differsInCase(item, repository.kind, alike.get(item.code) ?? [])));
    addCounts(counts, chunk.length, changed.length, created.length);
  }
  if (archiveMissing)
    counts.archived = await archiveOthers(repository, new Set(items.map(({ code }) => code)), work.at);
  return counts;
}

/** Merges each item with the existing entry. */
async function resolveEntries(
  { scope, vocabularies, warnings }: ImportContext,
  kind: CatalogKind,
  items: readonly ImportItem[],
  known: ReadonlyMap<string, CatalogEntry>,
): Promise<CatalogEntry[]> {
  const declared = items.map(({ path, ...item }) => {
    const before = known.get(item.code);
    const name = (item.name === undefined ? before?.name : item.name) ?? item.code;
    const given = (item.promptName === undefined ? before?.givenPromptName : item.promptName) ?? null;
    const named = item.attributes === undefined ? before?.attributes : item.attributes;
    // Objects that were written into the query have no prototype, which drizzle expects.
    const attributes = named == null ? null : { ...named };
    return { code: item.code, name, given, attributes, path };
  });
  const keys = new Set(declared.map(({ given, name }) => normalizeName(given ?? name)));
  const rows = await aliasesOf(scope).withKeys(kind, [...keys]);
  const own = new Map(rows.map(({ key, promptName }) => [key, promptName]));
  const vocabulary = vocabularies[kind];
  return declared.map(({ code, name, given, attributes, path }) => {
    const text = given ?? name;
    const term = own.get(normalizeName(text)) ?? text;
    const word = vocabulary.find(term);
    if (word === undefined)
      warnings.push(unknownWord(vocabulary, `${path}.${given === null ? 'name' : 'promptName'}`, term));
    return { code, name, promptName: word ?? term, givenPromptName: given, attributes, archivedAt: null };
  });
}

function isUnchanged(entry: CatalogEntry, before: CatalogEntry | undefined): boolean {
  if (before === undefined) return false;
  const { name, promptName, givenPromptName, archivedAt } = before;
  return (
    entry.name === name &&
    entry.promptName === promptName &&
    entry.givenPromptName === givenPromptName &&
    archivedAt === null &&
    isDeepStrictEqual(asStored(entry.attributes), asStored(before.attributes))
  );
}

/** The value as it is read back from the database: plain objects, and 0 in place of −0. */
function asStored(attributes: CatalogEntry['attributes']): unknown {
  return JSON.parse(JSON.stringify(attributes));
}

async function archiveOthers(repository: CatalogRepository, listed: ReadonlySet<string>, at: Date): Promise<number> {
  let archived = 0;
  for (let after = ''; ;) {
    const codes = await repository.activeCodes(after, 5 * ROWS_PER_STATEMENT);
    const missing = codes.filter((code) => !listed.has(code));
    for (const chunk of chunks(missing)) await repository.archive(chunk, at);
    archived += missing.length;
    const last = codes.at(-1);
    if (last === undefined) return archived;
    after = last;
  }
}

function unknownWord(vocabulary: VocabularyIndex, field: string, value: string): ImportWarning {
  const suggestions = vocabulary.nearest(value);
  const message = `${field}: no model knows ${quote(value)}, so it cannot be drawn; the nearest words are: ${suggestions.join(', ')}`;
  return { field, value, message, suggestions };
}

/** Two codes that a person may take for one. */
function differsInCase({ code, path }: ImportItem, kind: CatalogKind, others: readonly string[]): ImportWarning[] {
  if (others.length === 0) return [];
  const field = `${path}.${kind === 'PRODUCT' ? 'partNumber' : 'code'}`;
  const message = `${field}: ${quote(code)} is new and differs from ${others.map(quote).join(' and ')} only in case; if they are one, archive the wrong one`;
  return [{ field, value: code, message, suggestions: [...others] }];
}

function zeroCounts(): ImportCounts {
  return { created: 0, updated: 0, unchanged: 0, archived: 0 };
}

function addCounts(counts: ImportCounts, all: number, changed: number, created: number): void {
  counts.created += created;
  counts.updated += changed - created;
  counts.unchanged += all - changed;
}

function* chunks<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let start = 0; start < items.length; start += ROWS_PER_STATEMENT)
    yield items.slice(start, start + ROWS_PER_STATEMENT);
}
