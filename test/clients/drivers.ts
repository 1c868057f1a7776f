/** The client libraries that people use, set up as docs/clients.md says, and nothing more. */
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { Client as UrqlClient, fetchExchange } from '@urql/core';
import type { OperationResult } from '@urql/core';
import { GraphQLClient } from 'graphql-request';
import { createClient as createSseClient } from 'graphql-sse';
import { createClient as createWsClient } from 'graphql-ws';
import relay from 'relay-runtime';
import type { GraphQLResponse, RequestParameters } from 'relay-runtime';
import { WebSocket } from 'ws';
import type { Json } from '../support/server.js';

export interface Driver {
  /** Resolves to the data of a query or a mutation. */
  run(operation: string, variables: Record<string, unknown>): Promise<Json>;
  /** The data of each result; undefined where the library has no subscriptions. */
  readonly follow?: (operation: string, variables: Record<string, unknown>) => AsyncIterable<Json>;
  close?(): void;
}

type Connect = (url: string, key: string) => Driver;

/** What rxjs, wonka, and Relay call an observable. */
interface Observed {
  subscribe(sink: { next(value: Json): void; error(error: unknown): void; complete(): void }): { unsubscribe(): void };
}

async function* iterate(observed: Observed): AsyncGenerator<Json> {
  const [results, wake] = [[] as Json[], { now: Promise.withResolvers<boolean>() }];
  const subscription = observed.subscribe({
    next: (value) => {
      results.push(value);
      wake.now.resolve(true);
    },
    error: (error) => wake.now.reject(error instanceof Error ? error : new Error(JSON.stringify(error))),
    complete: () => wake.now.resolve(false),
  });
  try {
    for (let more = true; more;) {
      more = await wake.now.promise;
      if (more) wake.now = Promise.withResolvers();
      yield* results.splice(0);
    }
  } finally {
    subscription.unsubscribe();
  }
}

const urql: Connect = (url, key) => {
  const client = new UrqlClient({
    url,
    exchanges: [fetchExchange],
    fetchOptions: { headers: { authorization: `Bearer ${key}` } },
    fetchSubscriptions: true,
  });
  const dataOf = ({ data, error }: OperationResult): Json => {
    if (error !== undefined) throw error;
    return data;
  };
  return {
    run: async (operation, variables) =>
      dataOf(
        await (
          operation.startsWith('mutation') ? client.mutation(operation, variables) : client.query(operation, variables)
        ).toPromise(),
      ),
    follow: async function* (operation, variables) {
      const results = client.subscription(operation, variables);
      for await (const result of iterate({
        subscribe: ({ next }) => results.subscribe(next),
      })) {
        if (result.data != null) yield dataOf(result);
        if (result.hasNext === false) return;
      }
    },
  };
};

const apollo: Connect = (url, key) => {
  const authorization = `Bearer ${key}`;
  const sockets = createWsClient({
    url: url.replace('http', 'ws'),
    connectionParams: { authorization },
    webSocketImpl: WebSocket,
    retryAttempts: 0,
  });
  const isSubscription = ({ operationType }: { operationType: string }): boolean => operationType === 'subscription';
  const client = new ApolloClient({
    cache: new InMemoryCache(),
    link: ApolloLink.split(
      isSubscription,
      new GraphQLWsLink(sockets),
      new HttpLink({ uri: url, headers: { authorization }, useGETForQueries: true }),
    ),
  });
  return {
    run: async (operation, variables) =>
      (operation.startsWith('mutation')
        ? await client.mutate({ mutation: gql(operation), variables })
        : await client.query({ query: gql(operation), variables })
      ).data,
    follow: async function* (operation, variables) {
      for await (const { data, error } of iterate(client.subscribe({ query: gql(operation), variables }))) {
        if (error !== undefined) throw error;
        yield data;
      }
    },
    close: () => void sockets.dispose(),
  };
};

const graphqlRequest: Connect = (url, key) => {
  const client = new GraphQLClient(url, { headers: { authorization: `Bearer ${key}` } });
  return { run: (operation, variables) => client.request(operation, variables) };
};

/** The network layer; what the Relay compiler makes of an operation is its parameters. */
const relayRuntime: Connect = (url, key) => {
  const sockets = createWsClient({
    url: url.replace('http', 'ws'),
    connectionParams: { authorization: `Bearer ${key}` },
    webSocketImpl: WebSocket,
    retryAttempts: 0,
  });
  const network = relay.Network.create(
    async ({ text }, variables) => {
      const headers = { 'content-type': 'application/json', authorization: `Bearer ${key}` };
      const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query: text, variables }) });
      return (await response.json()) as GraphQLResponse;
    },
    ({ text }, variables) =>
      relay.Observable.create((sink) => sockets.subscribe({ query: text ?? '', variables }, sink as never)),
  );
  const results = (text: string, variables: Record<string, unknown>): AsyncIterable<Json> => {
    const operationKind = /^\w+/.exec(text)?.[0] as RequestParameters['operationKind'];
    const params = { id: null, cacheID: text, name: 'Driven', operationKind, text, metadata: {} };
    return iterate(network.execute(params as never, variables, { force: true }, null) as never);
  };
  return {
    run: async (text, variables) => {
      for await (const { data, errors } of results(text, variables)) {
        if (errors !== undefined) throw new Error(JSON.stringify(errors));
        return data;
      }
    },
    follow: async function* (text, variables) {
      for await (const { data } of results(text, variables)) yield data;
    },
    close: () => void sockets.dispose(),
  };
};

type Iterating = { iterate(payload: { query: string; variables: object }): AsyncIterableIterator<Json> };

function ofIterating(client: Iterating, close: () => void): Driver {
  async function* follow(query: string, variables: Record<string, unknown>): AsyncGenerator<Json> {
    for await (const { data, errors } of client.iterate({ query, variables })) {
      if (errors !== undefined) throw new Error(JSON.stringify(errors));
      yield data;
    }
  }
  return { follow, close, run: async (query, variables) => (await follow(query, variables).next()).value as Json };
}

const graphqlWs =
  (how: 'payload' | 'nested headers' | 'header of the upgrade'): Connect =>
  (url, key) => {
    const headers = { authorization: `Bearer ${key}` };
    class WithHeaders extends WebSocket {
      constructor(address: string, protocols: string) {
        super(address, protocols, { headers });
      }
    }
    const client = createWsClient({
      url: url.replace('http', 'ws'),
      webSocketImpl: how === 'header of the upgrade' ? WithHeaders : WebSocket,
      ...(how === 'payload' ? { connectionParams: headers } : {}),
      ...(how === 'nested headers' ? { connectionParams: { headers } } : {}),
    });
    return ofIterating(client as Iterating, () => void client.dispose());
  };

const graphqlSse =
  (singleConnection: boolean): Connect =>
  (url, key) => {
    const headers = { authorization: `Bearer ${key}` };
    // By itself, this library tries again for half a minute, whatever the status.
    const client = createSseClient({ url, headers, singleConnection: singleConnection as false, retryAttempts: 0 });
    return ofIterating(client as Iterating, () => client.dispose());
  };

export const DRIVERS: Readonly<Record<string, Connect>> = {
  urql,
  'Apollo Client': apollo,
  'graphql-request': graphqlRequest,
  Relay: relayRuntime,
  'graphql-ws, key in the payload': graphqlWs('payload'),
  'graphql-ws, key in headers of the payload': graphqlWs('nested headers'),
  'graphql-ws, key in the header of the upgrade': graphqlWs('header of the upgrade'),
  'graphql-sse, distinct connections': graphqlSse(false),
  'graphql-sse, single connection': graphqlSse(true),
};
