/** Keys of every kind, the command line that makes tenants, and a client of event streams. */
import { once } from 'node:events';
import { createClient } from 'graphql-sse';
import { ServiceError, StartError } from '../../src/errors.js';
import { runTenantsCli } from '../../src/tenantsCli/run.js';
import { databaseEnvironment } from './database.js';
import { startProgram } from './program.js';
import type { Answer, Finished, Json, Server } from './server.js';
import { TEST_KEY } from './server.js';

const CREATE_KEY = `mutation ($input: CreateApiKeyInput!) {
  createApiKey(input: $input) { secret apiKey { id name prefix role createdAt expiresAt lastUsedAt revokedAt } }
}`;

export async function createKey(server: Server, input: object, key?: string): Promise<Json> {
  return (await server.data(CREATE_KEY, { input: { name: 'for a test', ...input } }, key)).createApiKey;
}

export async function revokeKey(server: Server, id: string): Promise<void> {
  await server.data('mutation ($id: ID!) { revokeApiKey(id: $id) { id } }', { id });
}

export async function runTenants(dataDirectory: string, ...args: string[]): Promise<Finished> {
  const env = { DATA_DIR: dataDirectory, ...(await databaseEnvironment(dataDirectory)) };
  const child = startProgram('tenantsCli/main.js', args, env);
  const printed = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (printed.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (printed.stderr += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...printed };
}

/** The same in this process, which takes a tenth of the time. */
export async function runTenantsHere(dataDirectory: string, ...args: string[]): Promise<Finished> {
  const env = { DATA_DIR: dataDirectory, ...(await databaseEnvironment(dataDirectory)) };
  try {
    return { code: 0, stdout: await runTenantsCli(args, env), stderr: '' };
  } catch (error) {
    if (error instanceof StartError || error instanceof ServiceError)
      return { code: 1, stdout: '', stderr: `${error.message}\n` };
    throw error;
  }
}

/** Over server-sent events, with the client library that people use for it. */
export async function* stream(
  server: Server,
  query: string,
  variables: object = {},
  key = TEST_KEY,
): AsyncGenerator<Answer> {
  const client = createClient({
    url: `${server.url}/stream`,
    headers: { authorization: `Bearer ${key}` },
    retryAttempts: 0,
  });
  try {
    yield* client.iterate({ query, variables: variables as Record<string, unknown> }) as AsyncIterableIterator<Answer>;
  } finally {
    client.dispose();
  }
}
