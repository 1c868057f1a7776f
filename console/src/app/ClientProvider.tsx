import { useEffect, useMemo } from 'react';
import type { ReactNode } from 'react';
import { Provider } from 'urql';
import { openClient } from './client.ts';
import { ReaderContext } from './reader.ts';
import type { Session } from './session.ts';

interface Props {
  readonly session: Session;
  readonly onEnded: () => void;
  readonly children: ReactNode;
}

/** One client for each session. A session of the same tenant leaves the page as it is; another one starts it anew. */
export function ClientProvider({ session, onEnded, children }: Props) {
  const { tenant, csrfToken } = session;
  const opened = useMemo(() => openClient(csrfToken, onEnded), [csrfToken, onEnded]);
  // It waits for a connection that is being opened, which may fail, and then there is nothing to close.
  useEffect(() => () => void opened.socket.dispose()?.catch(() => undefined), [opened]);
  return (
    <Provider key={tenant} value={opened.client}>
      <ReaderContext value={opened.reader}>{children}</ReaderContext>
    </Provider>
  );
}
