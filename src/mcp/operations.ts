/** The GraphQL operations behind the tools, and what they return. */
export const PRODUCTS = `query ($search: String, $first: Int!) {
  products(first: $first, filter: { search: $search }) {
    edges { node { partNumber name promptName } } pageInfo { hasNextPage } } }`;

export const DEFECTS = `query ($search: String, $first: Int!) {
  defects(first: $first, filter: { search: $search }) {
    edges { node { code name promptName } } pageInfo { hasNextPage } } }`;

export const MODELS = `{ models { name version isDefault ranges { strength { min max } } defaults { strength } vocabulary { products defects } }
  serverInfo { version limits { samplesPerGeneration samplesPerExport } } caller { tenant role } }`;

export const GENERATE = `mutation ($input: [GenerateDefectsInput!]!) {
  generateDefects(input: $input) { id status coverage request { model seed count } } }`;

export const GENERATION = `query ($id: ID!, $first: Int!) { generation(id: $id) {
  id status product { partNumber } defect { code } progress { samplesDone samplesTotal fraction } error { code message }
  samples(first: $first) { edges { node {
    id index seed strength areaFraction confidence image { url } mask { url } overlay { url } } } } } }`;

export const EXPORT = `mutation ($input: ExportDatasetInput!) { exportDataset(input: $input) { id sampleCount photographCount } }`;

export const EXPORT_STATE = `query ($id: ID!) { export(id: $id) {
  id status format sampleCount progress { fraction } error { code message }
  archive { url bytes sha256 expiresAt } } }`;

interface Connection<T> {
  readonly edges: readonly { readonly node: T }[];
  readonly pageInfo: { readonly hasNextPage: boolean };
}

export interface Sample {
  readonly id: string;
  readonly index: number;
  readonly image: { readonly url: string };
  readonly mask: { readonly url: string };
  readonly overlay: { readonly url: string };
}

export interface Generation {
  readonly id: string;
  readonly status: 'QUEUED' | 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'CANCELED';
  readonly progress: { readonly samplesDone: number; readonly samplesTotal: number; readonly fraction: number };
  readonly samples: Connection<Sample>;
}

export interface Export {
  readonly id: string;
  readonly status: 'QUEUED' | 'RUNNING' | 'SUCCEEDED' | 'FAILED';
  readonly progress: { readonly fraction: number };
  readonly archive: { readonly url: string } | null;
}

/** The nodes, and whether there are more. */
export function listed(connection: Connection<unknown>) {
  return { found: connection.edges.map(({ node }) => node), more: connection.pageInfo.hasNextPage };
}
