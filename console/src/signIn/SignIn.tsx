import { Button, Paper, PasswordInput, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import type { FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { useSigningIn } from '../app/session.ts';
import { Problem } from '../shared/Problem.tsx';
import styles from './SignIn.module.css';
import { useReason } from './useReason.ts';

export function SignIn() {
  const { t } = useTranslation();
  const reason = useReason();
  const { signIn, ended, identityProvider, session } = useSigningIn();
  const { pathname, search } = window.location;
  const [key, setKey] = useState('');
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);

  async function submit(event: FormEvent) {
    event.preventDefault();
    setBusy(true);
    try {
      // A key that was copied from a terminal may be broken over lines.
      await signIn(key.replaceAll(/\s/g, ''));
    } catch (error) {
      // The browser says so if there is no answer at all.
      setProblem(error instanceof TypeError ? t('shared.unanswered') : reason((error as Error).message));
      setBusy(false);
    }
  }

  return (
    <main className={styles.page}>
      <Paper withBorder p="xl" radius="md" className={styles.card ?? ''}>
        <form onSubmit={(event) => void submit(event)}>
          <Stack>
            <h1>{t('signIn.title')}</h1>
            <Text size="sm">{t('signIn.lead')}</Text>
            {ended !== undefined && <Text size="sm">{t('signIn.ended', { reason: reason(ended) })}</Text>}
            {identityProvider && (
              <>
                <Button
                  component="a"
                  href={`/session/provider?path=${encodeURIComponent(pathname + search)}`}
                  {...(session !== undefined && { target: '_blank' })}
                >
                  {t('signIn.provider')}
                </Button>
                {session !== undefined && <Text size="sm">{t('signIn.otherTab')}</Text>}
                <Text size="sm" ta="center">
                  {t('signIn.or')}
                </Text>
              </>
            )}
            <PasswordInput
              label={t('signIn.key')}
              description={t('signIn.where')}
              value={key}
              onChange={(event) => setKey(event.currentTarget.value)}
              autoComplete="current-password"
              required
              data-autofocus
              visibilityToggleButtonProps={{ 'aria-label': t('signIn.show'), tabIndex: 0 }}
            />
            <Problem error={problem} />
            <Button type="submit" loading={busy} variant={identityProvider ? 'default' : 'filled'}>
              {t('signIn.signIn')}
            </Button>
          </Stack>
        </form>
      </Paper>
    </main>
  );
}
