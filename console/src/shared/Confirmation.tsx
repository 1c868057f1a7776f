import { Alert, Button, Group } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Problem } from './Problem.tsx';

interface Props {
  /** Of the button that leads to the question. */
  readonly ask: string;
  readonly question: string;
  readonly confirm: string;
  readonly busy: boolean;
  readonly error: Error | undefined;
  readonly onConfirm: () => Promise<unknown>;
}

/** Asks before something is deleted that nothing brings back. */
export function Confirmation({ ask, question, confirm, busy, error, onConfirm }: Props) {
  const { t } = useTranslation();
  /** Undefined before it is asked for the first time. */
  const [asking, setAsking] = useState<boolean>();
  return (
    <>
      <Problem error={error} />
      {asking ? (
        <Alert color="red" title={question}>
          <Group gap="xs">
            <Button
              size="compact-sm"
              color="red.9"
              loading={busy}
              onClick={() => void onConfirm().then(() => setAsking(false))}
            >
              {confirm}
            </Button>
            <Button size="compact-sm" variant="default" autoFocus onClick={() => setAsking(false)}>
              {t('review.keep')}
            </Button>
          </Group>
        </Alert>
      ) : (
        <div>
          {/* The keyboard goes on where it was. */}
          <Button size="compact-sm" variant="default" autoFocus={asking === false} onClick={() => setAsking(true)}>
            {ask}
          </Button>
        </div>
      )}
    </>
  );
}
