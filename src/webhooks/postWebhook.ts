/**
 * One attempt: a POST to a checked address, within a time, without following where the answer may lead. What the receiver
 * says beyond its status is read only to a bound and kept nowhere, for the tenant could read it.
 */
import { Agent as HttpAgent, request as requestHttp } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import type { LookupFunction } from 'node:net';
import type { Address, DestinationPolicy, ResolveHost } from './destination.js';
import { resolveDestination, parseDestination } from './destination.js';

const MAX_RESPONSE_BYTES = 16 * 1024;

export interface WebhookRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface WebhookResponse {
  readonly status: number;
  /** Of `Retry-After`, where there is one that makes sense. */
  readonly retryAfterMs: number | undefined;
}

/** @throws DestinationRefused, and what the network throws. */
export async function postWebhook(
  { url: text, headers, body }: WebhookRequest,
  rules: DestinationPolicy,
  resolve: ResolveHost,
  signal: AbortSignal,
): Promise<WebhookResponse> {
  const url = parseDestination(text, rules);
  const addresses = await abortable(resolveDestination(url, rules, resolve), signal);
  const response = await send(url, { addresses, headers, body, signal });
  await drain(response);
  return { status: response.statusCode ?? 0, retryAfterMs: retryAfterOf(response.headers['retry-after']) };
}

interface RequestOptions {
  readonly addresses: readonly Address[];
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly signal: AbortSignal;
}

function send(url: URL, { addresses, headers, body, signal }: RequestOptions): Promise<IncomingMessage> {
  const secure = url.protocol === 'https:';
  const options = {
    method: 'POST',
    // Never a connection that another webhook left open.
    agent: secure ? new HttpsAgent() : new HttpAgent(),
    lookup: fixedLookup(addresses),
    headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) },
    signal,
  };
  return new Promise((resolve, reject) => {
    const request = secure ? requestHttps(url, options) : requestHttp(url, options);
    request.on('response', resolve).on('error', reject).end(body);
  });
}

/** In place of DNS: whatever the name, the addresses that were checked. */
function fixedLookup(addresses: readonly Address[]): LookupFunction {
  return (_host, options, found) => {
    const [first] = addresses;
    if (options.all === true) found(null, [...addresses]);
    else found(null, first?.address ?? '', first?.family ?? 4);
  };
}

/** A receiver that has not said all within the bound has said enough. */
async function drain(response: IncomingMessage): Promise<void> {
  let bytes = 0;
  for await (const chunk of response) {
    bytes += (chunk as Buffer).byteLength;
    if (bytes > MAX_RESPONSE_BYTES) break;
  }
  response.destroy();
}

function retryAfterOf(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  const milliseconds = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isFinite(milliseconds) && milliseconds > 0 ? milliseconds : undefined;
}

function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
