import { Group, Stack, Switch, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useMutation } from 'urql';
import type { WebhookPartsFragment } from '../generated/graphql.ts';
import { DeleteWebhookDocument, UpdateWebhookDocument } from '../generated/graphql.ts';
import { Confirmation } from '../shared/Confirmation.tsx';
import { Problem } from '../shared/Problem.tsx';
import { Deliveries } from './Deliveries.tsx';

export function OneWebhook({ webhook }: { readonly webhook: WebhookPartsFragment }) {
  const { t } = useTranslation();
  const [removed, remove] = useMutation(DeleteWebhookDocument);
  const [updated, update] = useMutation(UpdateWebhookDocument);
  const { id, url, enabled, disabledReason } = webhook;
  return (
    <Stack gap="xs">
      <Group justify="space-between">
        <Text fw={500} size="sm">
          {url}
        </Text>
        <Group gap="sm">
          <Switch
            label={t('operations.enabled')}
            checked={enabled}
            onChange={(event) => void update({ id, input: { enabled: event.currentTarget.checked } })}
          />
          <Confirmation
            ask={t('operations.remove')}
            question={t('operations.removeQuestion', { url })}
            confirm={t('models.deleteConfirm')}
            busy={removed.fetching}
            error={removed.error}
            onConfirm={() => remove({ id })}
          />
        </Group>
      </Group>
      {disabledReason !== null && <Text size="sm">{disabledReason}</Text>}
      <Problem error={updated.error} />
      <Deliveries webhookId={id} url={url} />
    </Stack>
  );
}
