/** Every place in the schema that takes a cursor, and how it is tried with one of another tenant's rows (isolation.test.ts). */
import type { Owned, Probe } from './probeKinds.js';

type Key = (owned: Owned) => readonly (string | number)[];

/** Behind every id, and so before all rows of lists whose newest rows come first. */
const LAST_ID = 'ffffffff-ffff-7fff-bfff-ffffffffffff';
const byLastId: Key = () => [LAST_ID];
const bySample: Key = ({ generation }) => [generation, 0];
const byCode: Key = () => ['A'];

const listed = (field: string): string => `{ ${field} { edges { node { id } } pageInfo { endCursor } } }`;
const under = (list: string, field: string): string =>
  `{ ${list} { edges { node { id ${field} { edges { node { id } } } } } } }`;

/** By the field: its key, and the query with the field as it is called. */
const LISTS: Readonly<Record<string, readonly [Key, (field: string) => string]>> = {
  'Query.samples': [bySample, listed],
  'Query.generations': [byLastId, listed],
  'Query.products': [byCode, listed],
  'Query.defects': [byCode, listed],
  'Query.apiKeys': [byLastId, listed],
  'Query.exports': [byLastId, listed],
  'Query.webhooks': [byLastId, listed],
  'Query.dataSets': [byLastId, listed],
  'Query.trainings': [byLastId, listed],
  'Query.aliases': [() => ['DEFECT', 'a'], (field) => `{ ${field} { edges { node { alias } } } }`],
  'Webhook.deliveries': [byLastId, (field) => under('webhooks', field)],
  'DataSet.members': [
    () => [0],
    (field) => `{ dataSets { edges { node { id ${field} { edges { cursor node { reference { id } } } } } } } }`,
  ],
  'Product.samples': [bySample, (field) => under('products', field)],
  'Product.pairs': [byCode, (field) => under('products', `p: ${field} { edges { cursor } } samples`)],
  'Product.references': [byLastId, (field) => under('products', field)],
  'Generation.samples': [bySample, (field) => under('generations', field)],
};

export const CURSOR_PROBES: Readonly<Record<string, Probe>> = Object.fromEntries(
  Object.entries(LISTS).flatMap(([place, [key, query]]) =>
    ['after', 'before'].map((argument) => [
      `${place}(${argument})`,
      {
        document: query(`${place.split('.')[1] ?? ''}(${argument}: $x)`),
        type: 'String!',
        theirs: (owned) => Buffer.from(JSON.stringify(key(owned))).toString('base64url'),
      } satisfies Probe,
    ]),
  ),
);
