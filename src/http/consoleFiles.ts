/**
 * The built console: its page at / and at every path that the console routes itself, GraphiQL at /graphql for browsers,
 * and their assets. Assets have the hash of their content in their names, so browsers keep them; pages are asked for
 * again.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import express, { Router } from 'express';
import type { Request, RequestHandler, Response } from 'express';
import expressStaticGzip from 'express-static-gzip';
import type { Config } from '../config.js';
import type { PageRules } from './pageSecurity.js';
import { artifactOrigins, securePage } from './pageSecurity.js';

/** The build writes this in place of each page's nonce. */
const NONCE = 'CSP_NONCE';
/** Paths below these are never the console's own, whether there is something or not. */
const API_PATH = /^\/(artifacts|graphql|livez|mcp|metrics|readyz|session|uploads)(\/|$)/;
const YEAR_S = 31_536_000;

/** The page for browsers on the path of the API; other requests go on. */
export function serveGraphiql(config: Config): RequestHandler {
  const { folder, graphiql } = config.console;
  const rules: PageRules = { origins: artifactOrigins(config), styles: 'ANY' };
  return async (request, response, next) => {
    if (!graphiql || !isNavigation(request)) return next();
    await sendPage(response, join(folder, 'graphiql.html'), rules);
  };
}

/** Assets and pages, behind everything else. */
export function serveConsoleFiles(config: Config): Router {
  const { folder } = config.console;
  const rules: PageRules = { origins: artifactOrigins(config), styles: 'OWN' };
  const router = Router();
  router.use(
    '/assets',
    expressStaticGzip(join(folder, 'assets'), {
      enableBrotli: true,
      index: false,
      orderPreference: ['br'],
      serveStatic: { immutable: true, maxAge: YEAR_S * 1000, redirect: false },
    }),
    (_request, response, next) => {
      // Of the compressed file that is not there any more.
      response.removeHeader('content-encoding');
      response.removeHeader('content-type');
      next();
    },
  );
  const page = (response: Response): Promise<void> => sendPage(response, join(folder, 'index.html'), rules);
  router.get('/', (_request, response) => page(response));
  const files = express.static(folder, { index: false, redirect: false, cacheControl: false, setHeaders: askAgain });
  router.use((request, response, next) => (isPage(request.path) ? next() : files(request, response, next)));
  router.use(async (request, response, next) => {
    if (isNavigation(request) && !API_PATH.test(request.path)) await page(response);
    else next();
  });
  return router;
}

/** A page is never sent as a file, which would have no Content-Security-Policy. */
function isPage(path: string): boolean {
  try {
    return /\.html?$/i.test(decodeURIComponent(path));
  } catch {
    return true;
  }
}

function askAgain(response: Response): void {
  response.set('cache-control', 'no-cache');
}

/** Browsers prefer a page; clients of the API take JSON or anything. */
function isNavigation(request: Request): boolean {
  return (
    request.method === 'GET' && request.accepts(['application/json', 'text/event-stream', 'text/html']) === 'text/html'
  );
}

async function sendPage(response: Response, file: string, rules: PageRules): Promise<void> {
  const html = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    return undefined;
  });
  const nonce = securePage(response, rules);
  response
    .status(html === undefined ? 503 : 200)
    .set('cache-control', html?.includes(NONCE) === true ? 'no-store' : 'no-cache')
    .vary('accept')
    .type('html')
    .send(html === undefined ? NOT_BUILT : html.replaceAll(NONCE, nonce));
}

const NOT_BUILT = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>DefectDiffu</title></head>
<body><h1>The console is not built</h1>
<p>The API works: it is at <code>/graphql</code>. To build the console, run <code>npm run build:console</code> in the
folder of the service, and load this page again.</p></body></html>
`;
