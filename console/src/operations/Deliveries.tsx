import { Badge, Button, Table } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { useMutation } from 'urql';
import { useGenerationNews } from '../app/eventBus.ts';
import type { WebhookDeliveriesQuery } from '../generated/graphql.ts';
import { RedeliverDocument, WebhookDeliveriesDocument } from '../generated/graphql.ts';
import { MoreButton } from '../shared/MoreButton.tsx';
import { Problem } from '../shared/Problem.tsx';
import { ScrollingTable } from '../shared/ScrollingTable.tsx';
import { usePages } from '../shared/usePages.ts';

interface Props {
  readonly webhookId: string;
  readonly url: string;
}

const COLORS = { PENDING: 'blue', SUCCEEDED: 'green', FAILED: 'red' } as const;
const RELOAD_AFTER_MS = 500;
/** While one is pending. Deliveries have no subscription. */
const ASK_AGAIN_MS = 2_000;

const deliveriesOf = ({ webhook }: WebhookDeliveriesQuery) => webhook?.deliveries;

/** The newest first; an event of a generation may bring new ones. */
export function Deliveries({ webhookId, url }: Props) {
  const { t, i18n } = useTranslation();
  const pages = usePages(WebhookDeliveriesDocument, { id: webhookId }, deliveriesOf);
  const [sent, redeliver] = useMutation(RedeliverDocument);
  const { nodes: deliveries, reload } = pages;
  const pending = deliveries.some(({ status }) => status === 'PENDING');
  const reloadSoon = useDebouncedCallback(reload, RELOAD_AFTER_MS);
  useGenerationNews(() => reloadSoon());
  useEffect(() => {
    if (!pending) return;
    const timer = setInterval(reload, ASK_AGAIN_MS);
    return () => clearInterval(timer);
  }, [pending, reload]);

  return (
    <>
      <Problem error={pages.error ?? sent.error} />
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
          {deliveries.map((delivery) => (
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
      <MoreButton {...pages} />
    </>
  );
}
