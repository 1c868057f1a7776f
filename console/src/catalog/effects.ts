/** What an import would change, by the catalog as it is now. */
import type { Client } from 'urql';
import { DefectsBeforeDocument, ProductsBeforeDocument } from '../generated/graphql.ts';
import type { CatalogRow, Kind } from './readCsv.ts';

export interface Before {
  readonly name: string;
  readonly promptName: string;
  readonly archivedAt: string | null;
}

const FIELDS = ['name', 'promptName'] as const;

export type Effect = 'created' | 'updated' | 'restored' | 'unchanged';

export interface Change {
  readonly row: CatalogRow;
  readonly effect: Effect;
  readonly before: Before | undefined;
}

/** By code, with those that are archived. Rejects if the service does not answer. */
export async function readCatalog(reader: Client, kind: Kind): Promise<ReadonlyMap<string, Before>> {
  const found = new Map<string, Before>();
  for (let after: string | null = null; ;) {
    const { nodes, pageInfo } = await pageOf(reader, kind, after);
    for (const { code, ...before } of nodes) found.set(code, before);
    if (!pageInfo.hasNextPage) return found;
    after = pageInfo.endCursor;
  }
}

async function pageOf(reader: Client, kind: Kind, after: string | null) {
  if (kind === 'products') {
    const { data, error } = await reader.query(ProductsBeforeDocument, { after });
    if (data == null) throw error ?? new Error('no answer');
    const { edges, pageInfo } = data.products;
    return { nodes: edges.map(({ node }) => ({ ...node, code: node.partNumber })), pageInfo };
  }
  const { data, error } = await reader.query(DefectsBeforeDocument, { after });
  if (data == null) throw error ?? new Error('no answer');
  return { nodes: data.defects.edges.map(({ node }) => node), pageInfo: data.defects.pageInfo };
}

/** A field that is empty leaves what is there. */
export function changeOf(row: CatalogRow, before: Before | undefined): Change {
  if (before === undefined) return { row, before, effect: 'created' };
  if (before.archivedAt !== null) return { row, before, effect: 'restored' };
  const same = FIELDS.every((field) => isSame(field, row[field], before[field]));
  return { row, before, effect: same ? 'unchanged' : 'updated' };
}

export function isSame(field: (typeof FIELDS)[number], given: string | undefined, former: string): boolean {
  if (given === undefined) return true;
  return field === 'name' ? given.normalize('NFC') === former : spelled(given) === spelled(former);
}

/** The catalog keeps a prompt name as the models spell it. */
const spelled = (promptName: string): string =>
  promptName
    .normalize('NFC')
    .toLowerCase()
    .replaceAll(/[\s_-]+/g, ' ');
