import { createContext, use, useCallback, useEffect, useMemo, useState } from 'react';

/** As GET /session describes it. */
export interface Session {
  readonly tenant: string;
  readonly role: 'ADMIN' | 'OPERATOR' | 'VIEWER';
  /** Of the API key. */
  readonly name: string | null;
  readonly subject: string;
  /** Of the API key that signed in, if one did. */
  readonly keyId: string | null;
  readonly expiresAt: string | null;
  readonly csrfToken: string;
}

interface Answer {
  readonly session: Session | null;
  /** Why the session ended. */
  readonly ended: string | null;
  /** Whether people can sign in at the tenant's identity provider. */
  readonly identityProvider: boolean;
}

export interface SessionState {
  readonly status: 'asking' | 'signedIn' | 'signedOut';
  /** The last one: after it ended, its page stays, so that signing in again leads to the same place. */
  readonly session: Session | undefined;
  readonly ended: string | undefined;
  readonly identityProvider: boolean;
  readonly check: () => void;
  readonly signIn: (key: string) => Promise<void>;
  readonly signOut: () => Promise<void>;
}

export const SessionContext = createContext<SessionState | undefined>(undefined);

export function useSession(): SessionState & { session: Session } {
  const state = use(SessionContext);
  if (state?.session === undefined) throw new Error('this part of the console needs a session');
  return { ...state, session: state.session };
}

export function useSigningIn(): SessionState {
  const state = use(SessionContext);
  if (state === undefined) throw new Error('there is no SessionContext above');
  return state;
}

export function useSessionState(): SessionState {
  const [status, setStatus] = useState<SessionState['status']>('asking');
  const [session, setSession] = useState<Session>();
  const [ended, setEnded] = useState<string>();
  const [identityProvider, setIdentityProvider] = useState(false);

  const take = useCallback((answer: Answer) => {
    setStatus(answer.session === null ? 'signedOut' : 'signedIn');
    setEnded(answer.ended ?? undefined);
    setIdentityProvider(answer.identityProvider);
    if (answer.session === null) return;
    setSession(answer.session);
    otherTabs.postMessage('signedIn');
  }, []);

  const check = useCallback(() => {
    ask('GET').then(take, () => setStatus((former) => (former === 'asking' ? 'signedOut' : former)));
  }, [take]);

  useEffect(check, [check]);

  // Whoever signs in again in another tab goes on in this one too.
  useEffect(() => {
    if (status !== 'signedOut') return;
    otherTabs.addEventListener('message', check);
    return () => otherTabs.removeEventListener('message', check);
  }, [status, check]);

  return useMemo(
    () => ({
      status,
      session,
      ended,
      identityProvider,
      check,
      signIn: async (key) => take(await ask('POST', { body: JSON.stringify({ key }) })),
      signOut: async () => {
        // Another tab may have signed in since.
        const { session: current } = await ask('GET');
        if (current !== null) await ask('DELETE', { csrfToken: current.csrfToken });
        // What a page keeps beside its address (useKeptInAddress.ts) is not for whoever signs in next.
        window.history.replaceState(null, '');
        setSession(undefined);
        setEnded(undefined);
        setStatus('signedOut');
      },
    }),
    [status, session, ended, identityProvider, check, take],
  );
}

const SIGNED_OUT: Answer = { session: null, ended: null, identityProvider: false };
const otherTabs = new BroadcastChannel('defectdiffu-session');

async function ask(method: string, { body, csrfToken }: { body?: string; csrfToken?: string } = {}): Promise<Answer> {
  const response = await fetch('/session', {
    method,
    headers: {
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(csrfToken !== undefined && { 'x-csrf-token': csrfToken }),
    },
    ...(body !== undefined && { body }),
  });
  if (response.status === 204) return SIGNED_OUT;
  const answer = (await response.json()) as Answer & { errors?: readonly { message: string }[] };
  if (!response.ok) throw new Error(answer.errors?.[0]?.message ?? response.statusText);
  return answer;
}
