import { Button, NativeSelect, Table, Text } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMutation, useQuery } from 'urql';
import { useGenerationNews } from '../app/eventBus.ts';
import { useSession } from '../app/session.ts';
import type { GenerationStatus } from '../generated/graphql.ts';
import { CancelGenerationDocument, GenerateDefectsDocument, GenerationsDocument } from '../generated/graphql.ts';
import { Page } from '../shared/Page.tsx';
import { Problem } from '../shared/Problem.tsx';
import { ScrollingTable } from '../shared/ScrollingTable.tsx';
import { Waiting } from '../shared/Waiting.tsx';
import { GenerationRow } from './GenerationRow.tsx';
import { asItWas } from './repeat.ts';

const PAGE = 25;
const RELOAD_AFTER_MS = 500;
const STATUSES: readonly GenerationStatus[] = ['QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELED'];

/** State and progress come with the events; only a new generation makes the list be read again. */
export default function QueuePage() {
  const { t } = useTranslation();
  const { session } = useSession();
  const [status, setStatus] = useState<GenerationStatus | ''>('');
  const [first, setFirst] = useState(PAGE);
  const filter = status === '' ? {} : { status: [status] };
  const [{ data, error, fetching }, reload] = useQuery({
    query: GenerationsDocument,
    variables: { first, filter },
    requestPolicy: 'cache-and-network',
  });
  const [canceled, cancel] = useMutation(CancelGenerationDocument);
  const [repeated, repeat] = useMutation(GenerateDefectsDocument);
  const reloadSoon = useDebouncedCallback(() => reload({ requestPolicy: 'network-only' }), RELOAD_AFTER_MS);
  const rows = data?.generations.edges.map(({ node }) => node) ?? [];

  useGenerationNews(({ type, generationId }) => {
    if (type === 'GenerationQueued' && !rows.some(({ id }) => id === generationId)) reloadSoon();
  });

  return (
    <Page
      title={t('pages.queue')}
      lead={t('queue.lead')}
      actions={
        <NativeSelect
          label={t('queue.status')}
          size="xs"
          value={status}
          onChange={(event) => setStatus(event.currentTarget.value as GenerationStatus | '')}
          data={[
            { value: '', label: t('shared.all') },
            ...STATUSES.map((value) => ({ value, label: t(`status.${value}`) })),
          ]}
        />
      }
    >
      <Problem error={error ?? canceled.error ?? repeated.error} />
      {data === undefined && fetching && <Waiting />}
      {data !== undefined && rows.length === 0 && <Text c="dimmed">{t('shared.nothing')}</Text>}
      {rows.length > 0 && (
        <ScrollingTable
          label={t('pages.queue')}
          heads={[
            t('queue.generation'),
            t('queue.status'),
            t('queue.samples'),
            t('queue.requested'),
            t('queue.actions'),
          ]}
        >
          <Table.Tbody>
            {rows.map((row) => (
              <GenerationRow
                key={row.id}
                row={row}
                mayDraw={session.role !== 'VIEWER'}
                onCancel={({ id }) => void cancel({ id })}
                onRepeat={(one) => void repeat({ input: [asItWas(one)] })}
              />
            ))}
          </Table.Tbody>
        </ScrollingTable>
      )}
      {data?.generations.pageInfo.hasNextPage === true && first + PAGE <= 100 && (
        <Button variant="default" onClick={() => setFirst(first + PAGE)} loading={fetching}>
          {t('shared.more')}
        </Button>
      )}
    </Page>
  );
}
