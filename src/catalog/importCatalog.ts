/**
 * Takes over an MES's catalog, in one transaction of multi-row statements. What is the same already is not touched.
 * Prompt names follow from what was given by the words and aliases of the day of the import.
 */
import { isDeepStrictEqual } from 'node:util';
import { sql } from 'drizzle-orm';
import { quote } from '../errors.js';
import type { TenantScope } from '../storage/tenantScope.js';
import { aliasesOf } from './aliases.js';
import type { AliasItem, CatalogImport, Item } from './importInput.js';
import { requireSound } from './importInput.js';
import type { Models } from './models.js';
import type { Kind, Vocabulary } from './promptNames.js';
import { vocabularyOf } from './promptNames.js';
import type { Entry, Shelf } from './shelves.js';
import { defectShelf, productShelf } from './shelves.js';
import { wordKey } from './words.js';

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

interface Import {
  readonly scope: TenantScope;
  readonly vocabularies: Readonly<Record<Kind, Vocabulary>>;
  readonly warnings: ImportWarning[];
  readonly at: Date;
}

/** Small enough that one statement does not hold the event loop. */
const ROWS = 200;
/** Two imports of one tenant take turns. */
const IMPORT_LOCK = 4_711_005;

/** Accepted whole or not at all. */
export async function importCatalog(
  tenant: TenantScope,
  models: Models,
  limit: number,
  input: CatalogImport,
): Promise<ImportResult> {
  await requireSound(input, limit);
  // The default model's spelling of a word goes first.
  const bundles = [...new Set([models.find(), ...models.all])];
  const vocabularies = { PRODUCT: vocabularyOf(bundles, 'PRODUCT'), DEFECT: vocabularyOf(bundles, 'DEFECT') };
  return tenant.transaction(async (scope) => {
    await scope.database.execute(
      sql`select pg_advisory_xact_lock(${sql.raw(String(IMPORT_LOCK))}, hashtext(${scope.tenantId}))`,
    );
    const warnings: ImportWarning[] = [];
    const work = { scope, vocabularies, warnings, at: new Date() };
    const { archiveMissing } = input;
    // Aliases first: they hold for the items beside them.
    const aliases = await importAliases(work, input.aliases);
    const products = await importItems(work, productShelf(scope), input.products, archiveMissing);
    const defects = await importItems(work, defectShelf(scope), input.defects, archiveMissing);
    return { products, defects, aliases, warnings };
  });
}

async function importAliases({ scope, vocabularies, warnings, at }: Import, items: readonly AliasItem[]) {
  const counts = noCounts();
  const room = aliasesOf(scope);
  for (const chunk of chunks(items)) {
    for (const kind of ['PRODUCT', 'DEFECT'] as const) {
      const rows = chunk
        .filter((item) => item.kind === kind)
        .map(({ alias, promptName, at: field }) => {
          const word = vocabularies[kind].find(promptName);
          if (word === undefined) warnings.push(unknown(vocabularies[kind], `${field}.promptName`, promptName));
          return { kind, key: wordKey(alias), alias, promptName: word ?? promptName, updatedAt: at };
        });
      const keys = rows.map(({ key }) => key);
      const known = new Map((await room.withKeys(kind, keys)).map((row) => [row.key, row]));
      const changed = rows.filter(({ key, alias, promptName }) => {
        const before = known.get(key);
        return before?.alias !== alias || before.promptName !== promptName;
      });
      await room.write(changed);
      count(counts, rows.length, changed.length, changed.filter(({ key }) => !known.has(key)).length);
    }
  }
  return counts;
}

async function importItems(
  work: Import,
  shelf: Shelf,
  items: readonly Item[] | undefined,
  archiveMissing: boolean,
): Promise<ImportCounts> {
  const counts = noCounts();
  if (items === undefined) return counts;
  for (const chunk of chunks(items)) {
    const known = new Map((await shelf.entries(chunk.map(({ code }) => code))).map((entry) => [entry.code, entry]));
    const wanted = await resolve(work, shelf.kind, chunk, known);
    const changed = wanted.filter((entry) => !same(entry, known.get(entry.code)));
    if (changed.length > 0) await shelf.write(changed, work.at);
    count(counts, chunk.length, changed.length, changed.filter(({ code }) => !known.has(code)).length);
  }
  if (archiveMissing) counts.archived = await archiveOthers(shelf, new Set(items.map(({ code }) => code)), work.at);
  return counts;
}

/** What each item is to be, from what it says and from what it was. */
async function resolve(
  { scope, vocabularies, warnings }: Import,
  kind: Kind,
  items: readonly Item[],
  known: ReadonlyMap<string, Entry>,
): Promise<Entry[]> {
  const declared = items.map(({ at, ...item }) => {
    const before = known.get(item.code);
    const name = (item.name === undefined ? before?.name : item.name) ?? item.code;
    const given = (item.promptName === undefined ? before?.givenPromptName : item.promptName) ?? null;
    const attributes = (item.attributes === undefined ? before?.attributes : item.attributes) ?? null;
    return { code: item.code, name, given, attributes, at };
  });
  const keys = new Set(declared.map(({ given, name }) => wordKey(given ?? name)));
  const rows = await aliasesOf(scope).withKeys(kind, [...keys]);
  const own = new Map(rows.map(({ key, promptName }) => [key, promptName]));
  const vocabulary = vocabularies[kind];
  return declared.map(({ code, name, given, attributes, at }) => {
    const text = given ?? name;
    const wanted = own.get(wordKey(text)) ?? text;
    const word = vocabulary.find(wanted);
    if (word === undefined)
      warnings.push(unknown(vocabulary, `${at}.${given === null ? 'name' : 'promptName'}`, wanted));
    return { code, name, promptName: word ?? wanted, givenPromptName: given, attributes, archivedAt: null };
  });
}

function same(entry: Entry, before: Entry | undefined): boolean {
  if (before === undefined) return false;
  const { name, promptName, givenPromptName, archivedAt } = before;
  return (
    entry.name === name &&
    entry.promptName === promptName &&
    entry.givenPromptName === givenPromptName &&
    archivedAt === null &&
    isDeepStrictEqual(plain(entry.attributes), plain(before.attributes))
  );
}

/** As it is once it has been stored: a literal in the document has no prototype, and −0 is 0. */
function plain(attributes: Entry['attributes']): unknown {
  return JSON.parse(JSON.stringify(attributes));
}

async function archiveOthers(shelf: Shelf, listed: ReadonlySet<string>, at: Date): Promise<number> {
  let archived = 0;
  for (let after = ''; ;) {
    const codes = await shelf.currentCodes(after, 5 * ROWS);
    const missing = codes.filter((code) => !listed.has(code));
    for (const chunk of chunks(missing)) await shelf.archive(chunk, at);
    archived += missing.length;
    const last = codes.at(-1);
    if (last === undefined) return archived;
    after = last;
  }
}

function unknown(vocabulary: Vocabulary, field: string, value: string): ImportWarning {
  const suggestions = vocabulary.nearest(value);
  const message = `${field}: no model knows ${quote(value)}, so it cannot be drawn; the nearest words are: ${suggestions.join(', ')}`;
  return { field, value, message, suggestions };
}

function noCounts(): ImportCounts {
  return { created: 0, updated: 0, unchanged: 0, archived: 0 };
}

function count(counts: ImportCounts, all: number, changed: number, created: number): void {
  counts.created += created;
  counts.updated += changed - created;
  counts.unchanged += all - changed;
}

function* chunks<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let start = 0; start < items.length; start += ROWS) yield items.slice(start, start + ROWS);
}
