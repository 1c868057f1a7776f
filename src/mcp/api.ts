/** Calls the GraphQL API for a tool: with the caller's key, so that every role, quota, and limit applies. */
export interface Api {
  /** The data of an operation. @throws ApiError */
  ask<T>(query: string, variables: object, signal: AbortSignal): Promise<T>;
  /** The bytes behind a URL of the API. */
  bytes(url: string, signal: AbortSignal): Promise<Uint8Array>;
  /** The URL as a person can open it. */
  publicUrl(url: string): string;
}

/** What the API refused, with its code, so that a model can correct its request. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
}

export interface ApiOptions {
  /** The GraphQL endpoint. */
  readonly url: string;
  /** "Bearer …" */
  readonly authorization: string;
  /** The origin that the URLs of images get. Undefined: they stay as the API gives them. */
  readonly origin?: string;
}

interface Answer<T> {
  readonly data?: T;
  readonly errors?: readonly { readonly message: string; readonly extensions?: { readonly code?: string } }[];
}

export function createApi({ url, authorization, origin }: ApiOptions): Api {
  const inner = new URL(url).origin;
  return {
    async ask<T>(query: string, variables: object, signal: AbortSignal): Promise<T> {
      const headers = { 'content-type': 'application/json', authorization };
      const body = JSON.stringify({ query, variables });
      const response = await fetch(url, { method: 'POST', headers, body, signal });
      const { data, errors = [] } = (await response.json()) as Answer<T>;
      const [first] = errors;
      if (first !== undefined) throw new ApiError(`${first.extensions?.code ?? 'ERROR'}: ${first.message}`);
      if (data === undefined) throw new ApiError(`${url} answered ${String(response.status)}`);
      return data;
    },
    async bytes(file, signal) {
      const { pathname, search } = new URL(file);
      // Within the service, its own files are read from itself: the public origin may not be reachable from here.
      const from =
        origin !== undefined && pathname.startsWith('/artifacts/') ? new URL(pathname + search, inner) : file;
      const response = await fetch(from, { signal });
      if (!response.ok) throw new ApiError(`an image could not be read: ${String(response.status)}`);
      return new Uint8Array(await response.arrayBuffer());
    },
    publicUrl(given) {
      const { origin: own, pathname, search } = new URL(given);
      return origin !== undefined && own === inner ? new URL(pathname + search, origin).href : given;
    },
  };
}
