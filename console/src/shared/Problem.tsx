import { Alert, Button, Group, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';

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
        <Text size="sm">{isUnanswered(error) ? t('shared.unanswered') : messageOf(error)}</Text>
        {onRetry !== undefined && (
          <Button size="xs" variant="default" onClick={onRetry}>
            {t('shared.retry')}
          </Button>
        )}
      </Group>
    </Alert>
  );
}

/** Whether there is no answer of the service, but only what the browser says of the connection. */
function isUnanswered(error: Error | string): boolean {
  return typeof error !== 'string' && (error as { networkError?: Error }).networkError !== undefined;
}

export function messageOf(error: Error | string): string {
  if (typeof error === 'string') return error;
  const { graphQLErrors = [] } = error as { graphQLErrors?: readonly Error[] };
  return graphQLErrors.length > 0 ? graphQLErrors.map(({ message }) => message).join('\n') : error.message;
}
