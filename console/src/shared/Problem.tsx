import { Alert, Button, Group, Text } from '@mantine/core';
import i18next from 'i18next';
import { useTranslation } from 'react-i18next';
import type { CombinedError } from 'urql';

interface Props {
  readonly error: Error | string | undefined | null;
  readonly onRetry?: (() => void) | undefined;
}

/** What the service answered, in its own words: they name the field, the bound, and the value. */
export function Problem({ error, onRetry }: Props) {
  const { t } = useTranslation();
  if (error === undefined || error === null) return null;
  return (
    <Alert color="red" role="alert" title={t('shared.problem')}>
      <Group justify="space-between">
        <Text size="sm">{messageOf(error)}</Text>
        {onRetry !== undefined && (
          <Button size="xs" variant="default" onClick={onRetry}>
            {t('shared.retry')}
          </Button>
        )}
      </Group>
    </Alert>
  );
}

export function messageOf(error: Error | string): string {
  if (typeof error === 'string') return error;
  const { graphQLErrors = [], networkError } = error as Partial<CombinedError>;
  if (graphQLErrors.length > 0) return graphQLErrors.map(({ message }) => message).join('\n');
  return networkError === undefined ? error.message : unanswered().message;
}

/** There is no answer of the service, but only what the browser says of the connection. */
export function unanswered(): Error {
  return new Error(i18next.t('shared.unanswered'));
}
