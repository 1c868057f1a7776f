/**
 * Sends one attempt: a POST to a checked address, within a timeout, without following redirects. The body of the response is read only
 * up to a limit and is not kept, because the tenant could read it.
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
  /** From the `Retry-After` header, if it is valid. */
  readonly retryAfterMs: number | undefined;
}

/**
 * Ends when the signal aborts, whatever the receiver does.
 * @throws DestinationRefusedError, the errors of the network, and the reason of the signal.
 */
export async function postWebhook(
  { url: text, headers, body }: WebhookRequest,
  rules: DestinationPolicy,
  resolve: ResolveHost,
  signal: AbortSignal,
): Promise<WebhookResponse> {
  const url = parseDestination(text, rules);
  const addresses = await abortable(resolveDestination(url, rules, resolve), signal);
  const response = await abortable(send(url, { addresses, headers, body, signal }), signal);
  await abortable(drain(response), signal).finally(() => response.destroy());
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
    // An agent of its own, so that no connection of another webhook is reused.
    agent: secure ? new HttpsAgent() : new HttpAgent(),
    lookup: fixedLookup(addresses),
    headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) },
    signal,
  };
  return new Promise((resolve, reject) => {
    const request = secure ? requestHttps(url, options) : requestHttp(url, options);
    // With 101 and CONNECT, Node emits neither a response nor an error.
    request.on('upgrade', (response, socket) => {
      socket.destroy();
      resolve(response);
    });
    request.on('response', resolve).on('error', reject).end(body);
    request.on('close', () => reject(new Error('the connection was closed before an answer')));
  });
}

/** Replaces DNS: returns the addresses that were checked, whatever the name. */
function fixedLookup(addresses: readonly Address[]): LookupFunction {
  return (_host, options, found) => {
    const [first] = addresses;
    if (options.all === true) found(null, [...addresses]);
    else found(null, first?.address ?? '', first?.family ?? 4);
  };
}

/** Reads the response up to the limit and ignores the rest. */
async function drain(response: IncomingMessage): Promise<void> {
  let bytes = 0;
  for await (const chunk of response) {
    bytes += (chunk as Buffer).byteLength;
    if (bytes > MAX_RESPONSE_BYTES) break;
  }
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
