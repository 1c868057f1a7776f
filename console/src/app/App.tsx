import { MantineProvider } from '@mantine/core';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { SignIn } from '../signIn/SignIn.tsx';
import { ClientProvider } from './ClientProvider.tsx';
import { SessionContext, useSessionState } from './session.ts';
import { Shell } from './Shell.tsx';

/** The policy of the service forbids style elements, so Mantine's variables come from its style sheets alone. */
export function App() {
  const state = useSessionState();
  const { language } = useTranslation().i18n;
  const theme = useMemo(() => {
    const decimalSeparator = (1.5).toLocaleString(language).charAt(1);
    return { components: { NumberInput: { defaultProps: { decimalSeparator } } } };
  }, [language]);
  return (
    <MantineProvider theme={theme} withCssVariables={false} withGlobalClasses={false} defaultColorScheme="auto">
      <SessionContext value={state}>
        {state.status === 'signedOut' && <SignIn />}
        {state.session !== undefined && (
          <ClientProvider session={state.session} onEnded={state.check}>
            <Shell hidden={state.status === 'signedOut'} />
          </ClientProvider>
        )}
      </SessionContext>
    </MantineProvider>
  );
}
