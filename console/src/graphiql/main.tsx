/** GraphiQL at /graphql, signed in by the session of the console. Subscriptions use the WebSocket. */
import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { GraphiQL } from 'graphiql';
import 'graphiql/style.css';
import { createClient } from 'graphql-ws';
import { createRoot } from 'react-dom/client';
import './page.css';

interface SessionAnswer {
  readonly session: { readonly csrfToken: string } | null;
}

const FIRST = `# The whole API is in the documentation on the left.
{
  products(first: 10) {
    edges { node { partNumber name } }
  }
}
`;

const { session } = (await (await fetch('/session')).json()) as SessionAnswer;
// Whoever is not signed in signs in to the console first.
if (session === null) location.replace('/');
else {
  const fetcher = createGraphiQLFetcher({
    url: '/graphql',
    headers: { 'x-csrf-token': session.csrfToken },
    wsClient: createClient({ url: `${location.origin.replace(/^http/, 'ws')}/graphql` }),
  });
  const root = document.getElementById('root');
  if (root !== null) createRoot(root).render(<GraphiQL fetcher={fetcher} defaultQuery={FIRST} />);
}
