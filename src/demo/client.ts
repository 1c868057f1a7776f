/** The five requests of the demo, in plain GraphQL over fetch and graphql-ws. */
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { DemoError } from './options.js';

export interface Pair {
  readonly partNumber: string;
  readonly defectCode: string;
  readonly coverage: 'TRAINED' | 'ZERO_SHOT' | 'UNSUPPORTED';
}

export interface Accepted {
  readonly id: string;
  readonly coverage: string;
  readonly model: string;
  readonly seed: number;
  readonly strength: { readonly min: number; readonly max: number };
}

export interface ReadySample {
  readonly index: number;
  readonly image: { readonly url: string };
  readonly mask: { readonly url: string };
  readonly overlay: { readonly url: string };
  readonly twin: { readonly url: string } | null;
}

export interface GenerationEvent {
  readonly type: string;
  readonly seq: number;
  readonly progress?: { readonly fraction: number; readonly samplesDone: number; readonly samplesTotal: number };
  readonly sample?: ReadySample;
  readonly error?: { readonly message: string };
}

export interface Client {
  /** @param model undefined for the default model */
  pairs(model?: string): Promise<Pair[]>;
  /** Adds the product and the defect to the catalog if it does not have them. Returns what it added. */
  register(partNumber: string, defectCode: string): Promise<readonly string[]>;
  /** Returns the id of the reference or mask. `name` is for error messages. */
  upload(file: Uint8Array, input: UploadInput, name: string): Promise<string>;
  generate(input: object): Promise<Accepted>;
  follow(id: string): AsyncIterable<GenerationEvent>;
}

export type UploadInput =
  | { readonly purpose: 'MASK' }
  | {
      readonly purpose: 'REFERENCE';
      readonly partNumber: string;
      readonly name: string;
      readonly defectCode?: string;
      readonly maskId?: string;
    };

const EVENTS = `subscription Events($id: ID!, $after: Int!) {
  generationEvents(id: $id, after: $after) {
    type: __typename
    ... on GenerationQueued { seq }
    ... on GenerationStarted { seq }
    ... on GenerationProgressed { seq progress { fraction samplesDone samplesTotal } }
    ... on SampleReady { seq sample { index image { url } mask { url } overlay { url } twin { url } } }
    ... on GenerationSucceeded { seq }
    ... on GenerationFailed { seq error { message } }
    ... on GenerationCanceled { seq }
  }
}`;

const LAST = ['GenerationSucceeded', 'GenerationFailed', 'GenerationCanceled'];
const RECONNECTS = 10;

export function connect(url: string, key: string): Client {
  const authorization = `Bearer ${key}`;

  async function ask<T>(query: string, variables: object = {}): Promise<T> {
    const headers = { authorization, 'content-type': 'application/json' };
    const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query, variables }) }).catch(
      () => {
        throw new DemoError(
          `No service answers at ${url}. Start it with "npm start", or set DEFECTDIFFU_URL to its address.`,
        );
      },
    );
    const { data, errors } = (await response.json()) as { data?: T; errors?: { message: string }[] };
    if (errors !== undefined || data === undefined)
      throw new DemoError((errors ?? []).map(({ message }) => message).join('\n'));
    return data;
  }

  /** A code that the catalog has in other case is a slip, and not another product. */
  async function refuseOtherCase(
    partNumber: string,
    defectCode: string,
    known: { readonly product: object | null; readonly defect: object | null },
  ): Promise<void> {
    const { products, defects } = await ask<{
      products: { edges: { node: { partNumber: string } }[] };
      defects: { edges: { node: { code: string } }[] };
    }>('{ products(first: 100) { edges { node { partNumber } } } defects(first: 100) { edges { node { code } } } }');
    const wanted = [
      {
        what: 'product',
        code: partNumber,
        isNew: known.product === null,
        all: products.edges.map(({ node }) => node.partNumber),
      },
      {
        what: 'defect',
        code: defectCode,
        isNew: known.defect === null,
        all: defects.edges.map(({ node }) => node.code),
      },
    ];
    for (const { what, code, isNew, all } of wanted) {
      const meant = isNew ? all.find((one) => one.toLowerCase() === code.toLowerCase()) : undefined;
      if (meant !== undefined)
        throw new DemoError(`There is no ${what} "${code}"; did you mean "${meant}"? Case matters.`);
    }
  }

  return {
    async pairs(model) {
      const { products } = await ask<{ products: { edges: { node: ProductNode }[] } }>(
        'query ($model: String) { products(first: 100) { edges { node { partNumber ' +
          'pairs(first: 100, model: $model) { edges { node { coverage defect { code } } } } } } } }',
        { model },
      );
      return products.edges.flatMap(({ node }) =>
        node.pairs.edges.map(({ node: { coverage, defect } }) => ({
          partNumber: node.partNumber,
          defectCode: defect.code,
          coverage,
        })),
      );
    },
    async register(partNumber, defectCode) {
      const known = await ask<{ product: object | null; defect: object | null }>(
        'query ($part: String!, $code: String!) { product(partNumber: $part) { id } defect(code: $code) { id } }',
        { part: partNumber, code: defectCode },
      );
      await refuseOtherCase(partNumber, defectCode, known);
      const word = (code: string): string => code.toLowerCase().replaceAll('_', ' ');
      const products = known.product === null ? [{ partNumber, name: word(partNumber) }] : [];
      const defects = known.defect === null ? [{ code: defectCode, name: word(defectCode) }] : [];
      if (products.length + defects.length === 0) return [];
      await ask('mutation ($input: ImportCatalogInput!) { importCatalog(input: $input) { warnings { field } } }', {
        input: { products, defects },
      });
      return [...products.map((one) => one.partNumber), ...defects.map((one) => one.code)];
    },
    async upload(file, input, name) {
      const { createUpload } = await ask<{ createUpload: { url: string } }>(
        'mutation ($input: CreateUploadInput!) { createUpload(input: $input) { url } }',
        { input },
      );
      const response = await fetch(createUpload.url, { method: 'PUT', body: Buffer.from(file) });
      const { reference, mask, errors } = (await response.json()) as UploadAnswer;
      const { id } = reference ?? mask ?? {};
      if (id === undefined) throw new DemoError(`${name}: ${errors?.[0]?.message ?? String(response.status)}`);
      return id;
    },
    async generate(input) {
      const { generateDefects } = await ask<{
        generateDefects: { id: string; coverage: string; request: Omit<Accepted, 'id' | 'coverage'> }[];
      }>(
        `mutation ($input: [GenerateDefectsInput!]!) {
          generateDefects(input: $input) { id coverage request { model seed strength { min max } } }
        }`,
        { input: [input] },
      );
      const [accepted] = generateDefects;
      if (accepted === undefined) throw new DemoError('The service accepted nothing.');
      return { id: accepted.id, coverage: accepted.coverage, ...accepted.request };
    },
    follow: (id) => follow(url.replace(/^http/, 'ws'), authorization, id),
  };
}

interface UploadAnswer {
  readonly reference?: { readonly id: string };
  readonly mask?: { readonly id: string };
  readonly errors?: readonly { readonly message: string }[];
}

interface ProductNode {
  readonly partNumber: string;
  readonly pairs: {
    readonly edges: {
      readonly node: { readonly coverage: Pair['coverage']; readonly defect: { readonly code: string } };
    }[];
  };
}

/** When the connection breaks, resumes after the last event that it saw, without gaps or repetitions. */
async function* follow(url: string, authorization: string, id: string): AsyncIterable<GenerationEvent> {
  let after = 0;
  for (let attempt = 0; attempt < RECONNECTS; attempt += 1) {
    const client = createClient({
      url,
      webSocketImpl: WebSocket,
      connectionParams: { authorization },
      retryAttempts: 0,
    });
    try {
      for await (const { data, errors } of client.iterate<{ generationEvents: GenerationEvent }>({
        query: EVENTS,
        variables: { id, after },
      })) {
        if (errors !== undefined || data == null)
          throw new DemoError((errors ?? []).map(({ message }) => message).join('\n'));
        const event = data.generationEvents;
        after = event.seq;
        attempt = 0;
        yield event;
        if (LAST.includes(event.type)) return;
      }
    } catch (error) {
      if (error instanceof DemoError) throw error;
      await new Promise((resolve) => setTimeout(resolve, 1000));
    } finally {
      await client.dispose();
    }
  }
  throw new DemoError(`The connection to ${url} was lost. Generation ${id} continues; query its samples later.`);
}
