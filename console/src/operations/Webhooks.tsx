import { Alert, Button, Checkbox, Group, Stack, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMutation } from 'urql';
import type { WebhookEvent, WebhooksQuery } from '../generated/graphql.ts';
import { CreateWebhookDocument, WebhooksDocument } from '../generated/graphql.ts';
import { MoreButton } from '../shared/MoreButton.tsx';
import { Problem } from '../shared/Problem.tsx';
import { usePages } from '../shared/usePages.ts';
import { OneWebhook } from './OneWebhook.tsx';
import styles from './Operations.module.css';

const EVENTS: readonly WebhookEvent[] = [
  'GENERATION_STARTED',
  'SAMPLE_READY',
  'GENERATION_SUCCEEDED',
  'GENERATION_FAILED',
  'GENERATION_CANCELED',
  'EXPORT_SUCCEEDED',
  'EXPORT_FAILED',
  'TRAINING_STARTED',
  'TRAINING_SUCCEEDED',
  'TRAINING_FAILED',
  'TRAINING_CANCELED',
];

const webhooksOf = ({ webhooks }: WebhooksQuery) => webhooks;

export function Webhooks() {
  const { t } = useTranslation();
  const pages = usePages(WebhooksDocument, {}, webhooksOf);
  const [created, create] = useMutation(CreateWebhookDocument);
  const [url, setUrl] = useState('');
  const [events, setEvents] = useState<readonly WebhookEvent[]>(['GENERATION_SUCCEEDED']);
  const secret = created.data?.createWebhook.secret;
  return (
    <Stack gap="sm">
      <h2>{t('operations.webhooks')}</h2>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void create({ input: { url, events: [...events] } });
        }}
      >
        <Stack gap="sm">
          <div className={styles.form}>
            <TextInput
              label={t('operations.url')}
              type="url"
              required
              w="min(28rem, 100%)"
              value={url}
              onChange={(event) => setUrl(event.currentTarget.value)}
            />
            <Button type="submit" variant="default" disabled={events.length === 0} loading={created.fetching}>
              {t('operations.createWebhook')}
            </Button>
          </div>
          <Checkbox.Group
            label={t('operations.events')}
            value={[...events]}
            onChange={(values) => setEvents(values as WebhookEvent[])}
          >
            <Group gap="md" mt={4}>
              {EVENTS.map((event) => (
                <Checkbox key={event} value={event} label={event} size="xs" />
              ))}
            </Group>
          </Checkbox.Group>
        </Stack>
      </form>
      {secret !== undefined && (
        <Alert color="green" role="status" title={t('operations.once')}>
          <code className={styles.secret}>{secret}</code>
        </Alert>
      )}
      <Problem error={pages.error ?? created.error} />
      {pages.nodes.length === 0 && <Text c="dimmed">{t('shared.nothing')}</Text>}
      {pages.nodes.map((webhook) => (
        <OneWebhook key={webhook.id} webhook={webhook} />
      ))}
      <MoreButton {...pages} />
    </Stack>
  );
}
