/** What the pages of the console may load and do: only what this service serves, and images of the artifact store. */
import { randomBytes } from 'node:crypto';
import type { Response } from 'express';
import type { Config } from '../config.js';

/** Where a page may fetch and show artifacts, and send uploads, beside its own origin. */
export function artifactOrigins({ publicUrl, s3 }: Config): readonly string[] {
  return [publicUrl, s3 === undefined ? undefined : bucketOrigin(s3)].filter((origin) => origin !== undefined);
}

function bucketOrigin({ bucket, region, endpoint, publicEndpoint, pathStyle }: NonNullable<Config['s3']>): string {
  const { protocol, host } = new URL(publicEndpoint ?? endpoint ?? `https://s3.${region}.amazonaws.com`);
  return `${protocol}//${pathStyle ? '' : `${bucket}.`}${host}`;
}

export interface PageRules {
  readonly origins: readonly string[];
  /** GraphiQL's editor writes its own styles. */
  readonly styles: 'OWN' | 'ANY';
}

/** Sets the headers of a page, and returns the nonce with which it may add style elements. */
export function securePage(response: Response, { origins, styles }: PageRules): string {
  const nonce = randomBytes(16).toString('base64');
  const from = (...more: string[]): string => ["'self'", ...more, ...origins].join(' ');
  const policy = {
    'default-src': "'none'",
    'base-uri': "'none'",
    'form-action': "'self'",
    'frame-ancestors': "'none'",
    'script-src': "'self'",
    'style-src': `'self' ${styles === 'ANY' ? "'unsafe-inline'" : `'nonce-${nonce}'`}`,
    'img-src': from('blob:', 'data:'),
    'connect-src': from(),
    'font-src': "'self' data:",
    'worker-src': "'self' blob:",
  };
  response.set({
    'content-security-policy': Object.entries(policy)
      .map(([name, value]) => `${name} ${value}`)
      .join('; '),
    'cross-origin-opener-policy': 'same-origin',
    'referrer-policy': 'same-origin',
  });
  return nonce;
}
