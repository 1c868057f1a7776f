/** What the tests of the catalog ask of a server. */
import type { ApiError, Json, Server } from './server.js';

const COUNTS = '{ created updated unchanged archived }';
export const IMPORT = `mutation ($input: ImportCatalogInput!) { importCatalog(input: $input) {
  products ${COUNTS} defects ${COUNTS} aliases ${COUNTS} warnings { field value message suggestions } } }`;

const PRODUCT = `query ($partNumber: String!) { product(partNumber: $partNumber) {
  id partNumber name promptName attributes createdAt updatedAt archivedAt } }`;

export interface Catalog {
  readonly importCatalog: (input: object) => Promise<Json>;
  readonly refusal: (input: object) => Promise<ApiError>;
  readonly product: (partNumber: string) => Promise<Json>;
  readonly partNumbers: (args: string) => Promise<string[]>;
  readonly defectCodes: (args: string) => Promise<string[]>;
}

/** @param server is asked anew for each call: a test may restart it. */
export function catalogOf(server: () => Server): Catalog {
  const nodes = async (list: string, args: string, field: string): Promise<Json[]> => {
    const data = await server().data(`{ ${list}(${args}) { edges { node { ${field} } } } }`);
    return data[list].edges.map(({ node }: Json) => node[field]);
  };
  return {
    importCatalog: async (input) => (await server().data(IMPORT, { input })).importCatalog,
    refusal: (input) => server().error(IMPORT, { input }),
    product: async (partNumber) => (await server().data(PRODUCT, { partNumber })).product,
    partNumbers: (args) => nodes('products', args, 'partNumber'),
    defectCodes: (args) => nodes('defects', args, 'code'),
  };
}
