import { useEffect, useMemo } from 'react';
import type { ReactNode } from 'react';
import { Provider } from 'urql';
import { openClient } from './client.ts';
import type { Session } from './session.ts';

interface Props {
  readonly session: Session;
  readonly onEnded: () => void;
  readonly children: ReactNode;
}

/** One client for each session; the next one starts with an empty cache. */
export function ClientProvider({ session, onEnded, children }: Props) {
  const { tenant, subject, csrfToken } = session;
  const opened = useMemo(() => openClient(csrfToken, onEnded), [csrfToken, onEnded]);
  useEffect(() => () => void opened.socket.dispose(), [opened]);
  return (
    <Provider key={`${tenant} ${subject}`} value={opened.client}>
      {children}
    </Provider>
  );
}
