/**
 * The page between a sign-in and the console, which goes on by itself: after a redirect from another site, such as an
 * identity provider, the cookie, which is for this site only, would not be sent.
 */
import type { Response } from 'express';
import { securePage } from './pageSecurity.js';

interface SignInResult {
  readonly text: string;
  /** The path of the console to go on to. */
  readonly path: string;
  /** Whether the browser goes on before anybody has read the text. */
  readonly atOnce: boolean;
}

export function sendSignInPage(response: Response, { text, path, atOnce }: SignInResult): void {
  securePage(response, { origins: [], styles: 'OWN' });
  const target = escape(path);
  const refresh = atOnce ? `<meta http-equiv="refresh" content="0; url=${target}">` : '';
  response.set({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' }).type('html').send(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>DefectDiffu</title>
${refresh}</head>
<body><main><h1>DefectDiffu</h1><p>${escape(text)}
<a href="${target}">Go on to the console.</a></p></main></body></html>
`);
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${String(character.charCodeAt(0))};`);
}
