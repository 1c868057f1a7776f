/**
 * POST /mcp: the Model Context Protocol over HTTP (Streamable HTTP, without sessions). The tools call the GraphQL
 * endpoint of this process with the caller's key, so nothing is allowed here that is not allowed there.
 */
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import express, { Router } from 'express';
import type { Request, Response } from 'express';
import { ServiceError } from '../errors.js';
import { createApi } from '../mcp/api.js';
import { createMcpServer } from '../mcp/server.js';
import { createFairSemaphore } from '../fairSemaphore.js';
import type { Services } from '../resolvers/context.js';
import { errorHead } from './errorHead.js';
import { requireShallow } from './jsonDepth.js';
import { unavailableDependency } from './publicErrors.js';
import { requestOrigin } from './requestOrigin.js';

const readBody = express.json({ limit: '64kb', verify: (_request, _response, body) => requireShallow(body) });
/** A call waits up to 50 s, so the calls of one tenant in flight are bounded. Each message of a batch is one. */
const CALLS_PER_TENANT = 32;
/** A picture can have 40 megapixels. */
const PICTURES = { total: 2, perTenant: 1, waitingPerTenant: 4 * CALLS_PER_TENANT, what: 'pictures' };
const RETRY_AFTER_SECONDS = 5;
/** JSON-RPC leaves -32000 to -32099 to servers. */
const REFUSED = -32_001;

/** @param graphqlUrl of this process, once it listens */
export function serveMcp(services: Services, graphqlUrl: () => string): Router {
  const calls = new Map<string, number>();
  const pictures = createFairSemaphore(PICTURES);

  async function call(request: Request, response: Response): Promise<void> {
    const { authorization = '' } = request.headers;
    const { tenantId } = await services.access.authenticate(authorization);
    // Nothing is read for whoever is not known.
    await new Promise<void>((resolve, reject) => {
      readBody(request, response, (error?: unknown) => (error === undefined ? resolve() : reject(error as Error)));
    });
    const running = calls.get(tenantId) ?? 0;
    const count = Array.isArray(request.body) ? Math.max(1, request.body.length) : 1;
    if (running + count > CALLS_PER_TENANT) return tooMany(response);
    calls.set(tenantId, running + count);
    const origin = requestOrigin(request, services.config);
    const api = createApi({ url: graphqlUrl(), authorization, origin });
    const server = createMcpServer(api, services.version, (work) => pictures.run(tenantId, 1, work));
    const transport = new StreamableHTTPServerTransport({});
    response.once('close', () => {
      const left = (calls.get(tenantId) ?? count) - count;
      if (left > 0) calls.set(tenantId, left);
      else calls.delete(tenantId);
      void server.close();
    });
    await server.connect(transport as Parameters<typeof server.connect>[0]);
    await transport.handleRequest(request, response, request.body);
  }

  const router = Router();
  router.post('/mcp', async (request, response) => {
    try {
      await call(request, response);
    } catch (error) {
      const reported = error instanceof ServiceError ? error : unavailableDependency(error);
      if (reported === undefined || response.headersSent) throw error;
      const { status, headers } = errorHead(reported);
      refuse(response.set(headers), status, reported.message);
    }
  });
  router.all('/mcp', (_request, response) =>
    refuse(response.set('allow', 'POST'), 405, 'There are no sessions: use POST.'),
  );
  return router;
}

function tooMany(response: Response): void {
  const message = `more than ${String(CALLS_PER_TENANT)} calls of this tenant would run, which is the most at a time; each of a batch is one`;
  refuse(response.set('retry-after', String(RETRY_AFTER_SECONDS)), 429, message);
}

function refuse(response: Response, status: number, message: string): void {
  response.status(status).json({ jsonrpc: '2.0', error: { code: REFUSED, message }, id: null });
}
