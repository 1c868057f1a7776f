/**
 * Operations that the operator registered: files of a folder, each with one operation, which callers name by id. A script
 * or a PLC needs no GraphQL then, and the service can take nothing else.
 */
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Request, RequestHandler } from 'express';
import type { DocumentNode, GraphQLSchema, OperationDefinitionNode, TypeNode } from 'graphql';
import { GraphQLError, Kind } from 'graphql';
import type { TrustedDocumentsConfig } from '../config.js';
import { ServiceError, StartError, joinNames, quote } from '../errors.js';
import type { Callers } from './callers.js';
import { parseLimited, syntaxError, validateLimited } from './operations.js';

export interface DocumentRequest {
  readonly query?: unknown;
  readonly documentId?: unknown;
  readonly extensions?: unknown;
}

export interface TrustedDocuments {
  /**
   * The text of the operation that a request names or has; undefined if it has none. @throws ServiceError for an id that
   * is not registered, and for text that is not if only registered operations are taken
   */
  textOf(request: DocumentRequest): string | undefined;
  /** Replaces the id of a registered operation by its text. Returns what is wrong with the operation. */
  replaceId(request: DocumentRequest & { query: string }): GraphQLError | undefined;
  /**
   * Puts the text where the transports read it. The id is that of the path, if it has one. Who is not known is refused
   * first, and so does not learn which operations are registered.
   */
  middleware(callers: Callers): RequestHandler<{ documentId?: string }>;
}

interface RegisteredDocument {
  readonly text: string;
  readonly operation: OperationDefinitionNode;
}

const FILE = /^([\w-]{1,100})\.graphql$/;

/** @throws StartError for a file that is not one valid operation */
export function openTrustedDocuments(config: TrustedDocumentsConfig, schema: GraphQLSchema): TrustedDocuments {
  const { folder, only } = config;
  const documents = folder === undefined ? new Map<string, RegisteredDocument>() : read(folder, schema);
  const texts = new Set([...documents.values()].map(({ text }) => text));

  function find(id: string): RegisteredDocument {
    const found = documents.get(id);
    if (found !== undefined) return found;
    throw new ServiceError('DOCUMENT_NOT_REGISTERED', `documentId: no operation is registered as ${quote(id)}`, {
      field: 'documentId',
    });
  }

  function textOf(request: DocumentRequest): string | undefined {
    const id = idIn(request);
    if (id !== undefined) return find(id).text;
    const { query } = request;
    if (typeof query !== 'string' || query === '') return undefined;
    if (!only || texts.has(query.trim())) return query;
    const problem = 'query: this service takes registered operations only; name one as documentId';
    throw new ServiceError('DOCUMENT_NOT_REGISTERED', problem, { field: 'query' });
  }

  return {
    textOf,
    replaceId(request) {
      try {
        request.query = textOf(request) ?? request.query;
        return syntaxError(request.query);
      } catch (error) {
        return new GraphQLError((error as Error).message, { originalError: error as Error });
      }
    },
    middleware: (callers) => async (request, _response, next) => {
      const given = paramsOf(request);
      const { documentId = given['documentId'] } = request.params;
      const named = documentId !== undefined || idIn(given) !== undefined;
      if (named || (only && given['query'] !== undefined)) await callers.identify(request);
      const text = textOf({ ...given, documentId });
      // Without a document of its own, the request stays as it is, for the transports to judge.
      if (!named) return next();
      const plain = request.params.documentId !== undefined && request.method === 'GET';
      const variables = plain ? withPlainVariables(given, find(String(documentId)).operation) : given['variables'];
      rewrite(request, {
        ...given,
        query: text,
        variables,
        documentId: undefined,
        ...withoutHash(given['extensions']),
      });
      next();
    },
  };
}

function read(folder: string, schema: GraphQLSchema): ReadonlyMap<string, RegisteredDocument> {
  const documents = new Map<string, RegisteredDocument>();
  for (const name of namesIn(folder)) {
    const id = FILE.exec(name)?.[1];
    if (id === undefined) continue;
    const text = readFileSync(join(folder, name), 'utf8').trim();
    const document = { text, operation: operationIn(text, schema, `TRUSTED_DOCUMENTS: ${name}`) };
    documents.set(id, document);
    documents.set(`sha256:${createHash('sha256').update(text).digest('hex')}`, document);
  }
  if (documents.size > 0) return documents;
  throw new StartError(`TRUSTED_DOCUMENTS: ${folder} has no file with a name such as find-product.graphql`);
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch (error) {
    throw new StartError(`TRUSTED_DOCUMENTS: ${folder} cannot be read: ${(error as Error).message}`);
  }
}

function operationIn(text: string, schema: GraphQLSchema, where: string): OperationDefinitionNode {
  let document: DocumentNode;
  try {
    document = parseLimited(text);
  } catch (error) {
    throw new StartError(`${where}: ${(error as Error).message}`);
  }
  const problems = validateLimited(schema, document).map(({ message }) => message);
  if (problems.length > 0) throw new StartError(`${where}: ${joinNames(problems)}`);
  const operations = document.definitions.filter((each) => each.kind === Kind.OPERATION_DEFINITION);
  const [operation] = operations;
  if (operation !== undefined && operations.length === 1) return operation;
  throw new StartError(`${where}: must have one operation, has ${String(operations.length)}`);
}

/** As documentId, or as the hash that Apollo Client sends for a persisted query. */
function idIn({ documentId, extensions }: DocumentRequest): string | undefined {
  if (typeof documentId === 'string' && documentId !== '') return documentId;
  const given: unknown = typeof extensions === 'string' ? parsed(extensions) : extensions;
  const hash = (given as { persistedQuery?: { sha256Hash?: unknown } } | null | undefined)?.persistedQuery?.sha256Hash;
  return typeof hash === 'string' ? `sha256:${hash}` : undefined;
}

/** The other extensions, such as the operationId of an event stream. Apollo Server would look for the hash itself. */
function withoutHash(extensions: unknown): { readonly extensions: unknown } {
  const isText = typeof extensions === 'string';
  const others = { ...((isText ? parsed(extensions) : extensions) as object | undefined), persistedQuery: undefined };
  return { extensions: isText ? JSON.stringify(others) : others };
}

function paramsOf(request: Request<{ documentId?: string }>): Record<string, unknown> {
  return (request.method === 'GET' ? request.query : ((request.body as unknown) ?? {})) as Record<string, unknown>;
}

/** Of a GET request by path, every parameter with the name of a variable is its value, and needs no JSON. */
function withPlainVariables(given: Record<string, unknown>, operation: OperationDefinitionNode): string {
  const variables: unknown = typeof given['variables'] === 'string' ? parsed(given['variables']) : undefined;
  const plain = (operation.variableDefinitions ?? []).flatMap(({ variable, type }) => {
    const value = given[variable.name.value] as string | readonly string[] | undefined;
    return value === undefined ? [] : [[variable.name.value, valueOf(value, type)] as const];
  });
  return JSON.stringify({ ...(variables as object | undefined), ...Object.fromEntries(plain) });
}

/**
 * Numbers, booleans, and objects as JSON, lists as JSON or as a parameter for each item; everything else is text. Several
 * values where one is expected stay a list, which the validation refuses.
 */
function valueOf(given: string | readonly string[], type: TypeNode): unknown {
  if (type.kind === Kind.NON_NULL_TYPE) return valueOf(given, type.type);
  if (type.kind === Kind.LIST_TYPE) {
    const list = typeof given === 'string' && given.startsWith('[') ? parsed(given) : undefined;
    return list ?? [given].flat().map((item: string) => valueOf(item, type.type));
  }
  if (typeof given !== 'string' || ['ID', 'String'].includes(type.name.value)) return given;
  return parsed(given) ?? given;
}

/** Express and Apollo read a GET request from its URL. */
function rewrite(request: Request<{ documentId?: string }>, params: Record<string, unknown>): void {
  if (request.method !== 'GET') {
    const defined = Object.entries(params).filter(([, value]) => value !== undefined);
    request.body = Object.fromEntries(defined);
    return;
  }
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) if (typeof value === 'string') search.set(name, value);
  request.url = `${request.url.split('?')[0] ?? ''}?${search.toString()}`;
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
