import { createContext, use } from 'react';
import type { Client } from 'urql';

export const ReaderContext = createContext<Client | undefined>(undefined);

/** A client without a cache, for lists of thousands. Nothing that mutations or events change is shown by itself. */
export function useReader(): Client {
  const reader = use(ReaderContext);
  if (reader === undefined) throw new Error('there is no ReaderContext above');
  return reader;
}
