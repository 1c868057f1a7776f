/** A real OpenID provider on this machine, with the people that a test names. Whoever types their name is let in. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair } from 'jose';
import { Provider } from 'oidc-provider';
import type { Server } from './server.js';

export const CLIENT = 'console';
/** Of the ID tokens. */
export const TOKEN_S = 1000;

export interface TestProvider {
  readonly issuer: string;
  readonly settings: Record<string, string>;
  /** Once the service has a port. */
  serve(redirectUris: readonly string[]): void;
  close(): void;
}

export interface ClientSecret {
  readonly secret: string;
  /** The only way in which the provider takes it. */
  readonly method: 'client_secret_basic' | 'client_secret_post';
}

/** @param people by login: the claims of each */
export async function startProvider(
  people: Readonly<Record<string, object>>,
  secret?: ClientSecret,
): Promise<TestProvider> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  const key = { ...(await exportJWK(privateKey)), kid: 'first', alg: 'RS256', use: 'sig' };
  return {
    issuer,
    settings: {
      JWT_ISSUER: issuer,
      JWT_AUDIENCE: 'defectdiffu',
      JWT_JWKS: `${issuer}/jwks`,
      JWT_CLOCK_SKEW_SECONDS: '0',
      OIDC_CLIENT_ID: CLIENT,
    },
    serve(redirectUris) {
      /* eslint-disable no-console -- it warns there that it is for tests, which it is */
      const { warn } = console;
      console.warn = () => undefined;
      const provider = new Provider(issuer, {
        clients: [
          {
            client_id: CLIENT,
            token_endpoint_auth_method: secret?.method ?? 'none',
            redirect_uris: [...redirectUris],
            ...(secret && { client_secret: secret.secret }),
          },
        ],
        clientAuthMethods: [secret?.method ?? 'none'],
        jwks: { keys: [key] as never },
        cookies: { keys: ['of this test'] },
        claims: { openid: ['sub', 'tenant', 'role'], profile: ['name'] },
        conformIdTokenClaims: false,
        findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id, ...people[id] }) }),
        ttl: { IdToken: TOKEN_S, Grant: TOKEN_S, Session: TOKEN_S, Interaction: TOKEN_S, AccessToken: TOKEN_S },
        async loadExistingGrant({ oidc }) {
          const grant = new oidc.provider.Grant({
            clientId: oidc.client?.clientId ?? '',
            accountId: oidc.session?.accountId ?? '',
          });
          grant.addOIDCScope('openid profile');
          await grant.save();
          return grant;
        },
      });
      console.warn = warn;
      /* eslint-enable no-console */
      const answer = provider.callback();
      server.on('request', (request, response) => void answer(request, response));
    },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** The cookies and redirects of a browser, without a browser. */
export class CookieJar {
  private readonly cookies = new Map<string, string>();

  header(url: URL): string {
    const own = [...this.cookies].filter(([name]) => name.startsWith(`${url.host} `));
    return own.map(([name, value]) => `${name.slice(url.host.length + 1)}=${value}`).join('; ');
  }

  set(url: URL, name: string, value: string): void {
    this.cookies.set(`${url.host} ${name}`, value);
  }

  get(url: URL, name: string): string | undefined {
    return this.cookies.get(`${url.host} ${name}`);
  }

  async fetch(url: URL, init: RequestInit = {}): Promise<Response> {
    const response = await fetch(url, { ...init, headers: { cookie: this.header(url) }, redirect: 'manual' });
    for (const cookie of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      this.set(url, name, value);
    }
    return response;
  }
}

/** Signs in at the provider, and stops where it sends the browser back to the service. */
export async function visitProvider(
  server: Server,
  jar: CookieJar,
  { login, path = '/' }: { readonly login: string; readonly path?: string },
): Promise<URL> {
  const { origin } = new URL(server.url);
  let url = new URL(`/session/provider?path=${encodeURIComponent(path)}`, origin);
  let form: RequestInit = {};
  for (;;) {
    const response = await jar.fetch(url, form);
    const location = response.headers.get('location');
    form = {};
    if (location === null) {
      const action = /action="([^"]+)"/.exec(await response.text())?.[1];
      if (action === undefined) throw new Error(`${url.href} answered ${String(response.status)}`);
      url = new URL(action, url);
      form = { method: 'POST', body: new URLSearchParams({ prompt: 'login', login, password: 'any' }) };
    } else {
      url = new URL(location, url);
      if (url.origin === origin) return url;
    }
  }
}
