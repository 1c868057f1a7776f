/** Validates the catalog that an MES sends. Each error names the item, the field, and the bound. */
import { outOfRange } from '../range.js';
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import { ServiceError, badInput, quote } from '../errors.js';
import type { Optional } from '../range.js';
import { requireText } from '../validateText.js';
import { requireCode } from './codes.js';
import { isStorable } from '../storage/storableText.js';
import type { CatalogKind } from './promptNames.js';
import { normalizeName } from './normalizeName.js';

/** For each field: omitted keeps the value; null resets it to the default of a new item. */
export interface ImportItem {
  /** The partNumber of a product, or the code of a defect. */
  readonly code: string;
  readonly name?: Optional<string>;
  readonly promptName?: Optional<string>;
  readonly attributes?: Optional<Record<string, unknown>>;
  /** The position in the request, such as "input.products[17]". */
  readonly path: string;
}

export interface ImportAliasItem {
  readonly kind: CatalogKind;
  readonly alias: string;
  readonly promptName: string;
  /** For each of these: omitted keeps the value; null removes it. */
  readonly scheme?: Optional<string>;
  readonly externalCode?: Optional<string>;
  readonly path: string;
}

export interface CatalogImport {
  readonly products: readonly ImportItem[] | undefined;
  readonly defects: readonly ImportItem[] | undefined;
  readonly aliases: readonly ImportAliasItem[];
  readonly archiveMissing: boolean;
}

const ATTRIBUTES = { bytes: 16_384, depth: 8 } as const;
const CHUNK_SIZE = 500;
const MAX_PROBLEMS_IN_ERROR = 20;

/** Throws one error that names the first malformed field and lists the first twenty. */
export async function validateImport(input: CatalogImport, limit: number): Promise<void> {
  const { products, defects, aliases, archiveMissing } = input;
  const count = (products?.length ?? 0) + (defects?.length ?? 0) + aliases.length;
  if (count > limit)
    throw outOfRange('input', `${String(count)} items are more than ${String(limit)}`, {
      min: 1,
      max: limit,
      value: count,
    });
  for (const [name, list] of Object.entries({ products, defects })) {
    if (archiveMissing && list?.length === 0)
      throw badInput(
        `input.${name}`,
        'is empty, so archiveMissing would archive all of them; leave the list out instead',
      );
  }
  const problems: ServiceError[] = [];
  await checkAll(products ?? [], (item) => checkItem(item, 'partNumber'), problems);
  requireDistinct(products ?? [], 'partNumber', ({ code }) => code, problems);
  await checkAll(defects ?? [], (item) => checkItem(item, 'code'), problems);
  requireDistinct(defects ?? [], 'code', ({ code }) => code, problems);
  await checkAll(aliases, checkAlias, problems);
  requireDistinct(aliases, 'alias', ({ kind, alias }) => `${kind} ${normalizeName(alias)}`, problems);
  const [first] = problems;
  if (first === undefined) return;
  const listed = problems.slice(0, MAX_PROBLEMS_IN_ERROR);
  throw new ServiceError('BAD_USER_INPUT', first.message, {
    ...first.extensions,
    problems: listed.map(({ message, extensions }) => ({ field: extensions['field'], message })),
    problemCount: problems.length,
  });
}

async function checkAll<T>(items: readonly T[], check: (item: T) => void, problems: ServiceError[]): Promise<void> {
  for (const [i, item] of items.entries()) {
    if (i % CHUNK_SIZE === 0) await turnOfTheLoop();
    try {
      check(item);
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      problems.push(error);
    }
  }
}

function checkItem({ code, name, promptName, attributes, path }: ImportItem, codeField: string): void {
  requireCode(code, `${path}.${codeField}`);
  if (name != null) requireText(name, `${path}.name`);
  if (promptName != null) requireText(promptName, `${path}.promptName`);
  if (attributes != null) checkAttributes(attributes, `${path}.attributes`);
}

function checkAlias({ alias, promptName, scheme, externalCode, path }: ImportAliasItem): void {
  requireText(alias, `${path}.alias`);
  requireText(promptName, `${path}.promptName`);
  if (scheme != null) requireText(scheme, `${path}.scheme`);
  if (externalCode != null) requireCode(externalCode, `${path}.externalCode`);
  if (normalizeName(alias) === '') throw badInput(`${path}.alias`, `${quote(alias)} has no letter or digit`);
}

function checkAttributes(attributes: unknown, field: string): void {
  checkValue(attributes, field, 1);
  const bytes = Buffer.byteLength(JSON.stringify(attributes));
  if (bytes > ATTRIBUTES.bytes)
    throw badInput(field, `${String(bytes)} bytes of JSON are more than ${String(ATTRIBUTES.bytes)}`);
}

/** Rejects values that PostgreSQL cannot store as JSON, while the field is still known. */
function checkValue(value: unknown, field: string, depth: number): void {
  if (typeof value === 'string' && !isStorable(value))
    throw badInput(field, `${quote(value)} has a character that is not text`);
  if (typeof value === 'number' && !Number.isFinite(value)) throw badInput(field, `has a number beyond 1.8e308`);
  if (value === null || typeof value !== 'object') return;
  if (depth > ATTRIBUTES.depth) throw badInput(field, `is nested deeper than ${String(ATTRIBUTES.depth)} levels`);
  for (const [key, below] of Object.entries(value)) {
    checkValue(key, field, depth);
    checkValue(below, field, depth + 1);
  }
}

function requireDistinct<T extends { readonly path: string }>(
  items: readonly T[],
  field: string,
  keyOf: (item: T) => string,
  problems: ServiceError[],
): void {
  const firstPaths = new Map<string, string>();
  for (const item of items) {
    const key = keyOf(item);
    const earlier = firstPaths.get(key);
    if (earlier === undefined) firstPaths.set(key, item.path);
    else problems.push(badInput(`${item.path}.${field}`, `${quote(key)} is already at ${earlier}`));
  }
}
