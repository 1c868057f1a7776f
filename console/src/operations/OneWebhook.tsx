import { Badge, Button, Group, Stack, Switch, Table, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useMutation } from 'urql';
import type { WebhookPartsFragment } from '../generated/graphql.ts';
import { DeleteWebhookDocument, RedeliverDocument, UpdateWebhookDocument } from '../generated/graphql.ts';
import { Problem } from '../shared/Problem.tsx';
import { ScrollingTable } from '../shared/ScrollingTable.tsx';

const COLORS = { PENDING: 'blue', SUCCEEDED: 'green', FAILED: 'red' } as const;

export function OneWebhook({ webhook }: { readonly webhook: WebhookPartsFragment }) {
  const { t, i18n } = useTranslation();
  const [removed, remove] = useMutation(DeleteWebhookDocument);
  const [updated, update] = useMutation(UpdateWebhookDocument);
  const [sent, redeliver] = useMutation(RedeliverDocument);
  const { id, url, enabled, disabledReason, deliveries } = webhook;
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
          <Button size="compact-xs" variant="default" onClick={() => void remove({ id })}>
            {t('operations.remove')}
          </Button>
        </Group>
      </Group>
      {disabledReason !== null && <Text size="sm">{disabledReason}</Text>}
      <Problem error={removed.error ?? updated.error ?? sent.error} />
      <ScrollingTable
        label={t('operations.deliveries', { url })}
        heads={[
          t('operations.event'),
          t('queue.status'),
          t('operations.answer'),
          t('queue.requested'),
          t('queue.actions'),
        ]}
      >
        <Table.Tbody>
          {deliveries.edges.map(({ node: delivery }) => (
            <Table.Tr key={delivery.id}>
              <Table.Td>{delivery.event}</Table.Td>
              <Table.Td>
                <Badge variant="light" color={COLORS[delivery.status]} tt="none">
                  {t(`operations.deliveryStates.${delivery.status}`)}
                </Badge>{' '}
                {t('operations.attempts', { count: delivery.attempts })}
              </Table.Td>
              <Table.Td>{delivery.lastError ?? delivery.lastStatusCode}</Table.Td>
              <Table.Td>{new Date(delivery.createdAt).toLocaleString(i18n.language)}</Table.Td>
              <Table.Td>
                <Button size="compact-xs" variant="default" onClick={() => void redeliver({ deliveryId: delivery.id })}>
                  {t('operations.redeliver')}
                </Button>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </ScrollingTable>
    </Stack>
  );
}
