import { NativeSelect, Table, Text } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMutation, useQuery } from 'urql';
import { useGenerationNews } from '../app/eventBus.ts';
import { useSession } from '../app/session.ts';
import type { GenerationsQuery, GenerationStatus } from '../generated/graphql.ts';
import {
  CancelGenerationDocument,
  GenerateDefectsDocument,
  GenerationsDocument,
  UnfinishedGenerationsDocument,
} from '../generated/graphql.ts';
import { MoreButton } from '../shared/MoreButton.tsx';
import { Page } from '../shared/Page.tsx';
import { Problem } from '../shared/Problem.tsx';
import { ScrollingTable } from '../shared/ScrollingTable.tsx';
import { usePages } from '../shared/usePages.ts';
import { Waiting } from '../shared/Waiting.tsx';
import { countAhead, secondsLeft } from './estimate.ts';
import { GenerationRow } from './GenerationRow.tsx';
import { asItWas } from './repeat.ts';

const RELOAD_AFTER_MS = 500;
const NOW_EACH_MS = 1_000;
const STATUSES: readonly GenerationStatus[] = ['QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELED'];

const generationsOf = ({ generations }: GenerationsQuery) => generations;

/** The events that change the status. */
const CHANGES = new Set(['GenerationStarted', 'GenerationSucceeded', 'GenerationFailed', 'GenerationCanceled']);

/**
 * State and progress come with the events; the list is read again for a new generation, and where it has one status alone,
 * for one that changed its status.
 */
export default function QueuePage() {
  const { t } = useTranslation();
  const { session } = useSession();
  const [status, setStatus] = useState<GenerationStatus | ''>('');
  const filter = status === '' ? {} : { status: [status] };
  const pages = usePages(GenerationsDocument, { filter }, generationsOf);
  const [canceled, cancel] = useMutation(CancelGenerationDocument);
  const [repeated, repeat] = useMutation(GenerateDefectsDocument);
  const rows = pages.nodes;
  const [unfinished, readUnfinished] = useQuery({
    query: UnfinishedGenerationsDocument,
    requestPolicy: 'cache-and-network',
  });
  const reloadSoon = useDebouncedCallback(() => {
    pages.reload();
    readUnfinished({ requestPolicy: 'network-only' });
  }, RELOAD_AFTER_MS);
  const queued = unfinished.data?.generations.edges.map(({ node }) => node) ?? [];
  const now = useNow();

  useGenerationNews(({ type, generationId }) => {
    const isNew = type === 'GenerationQueued' && !rows.some(({ id }) => id === generationId);
    // One of another status may come into the list now, or leave it.
    const isMoved = status !== '' && type !== undefined && CHANGES.has(type);
    if (type === 'Missed' || isNew || isMoved) reloadSoon();
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
      <Problem error={pages.error ?? canceled.error ?? repeated.error} />
      {pages.waiting && <Waiting />}
      {!pages.waiting && rows.length === 0 && <Text c="dimmed">{t('shared.nothing')}</Text>}
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
                left={secondsLeft(row, now)}
                ahead={countAhead(row, queued)}
                mayDraw={session.role !== 'VIEWER'}
                onCancel={({ id }) => void cancel({ id })}
                onRepeat={(one) => void repeat({ input: [asItWas(one)] })}
              />
            ))}
          </Table.Tbody>
        </ScrollingTable>
      )}
      <MoreButton {...pages} />
    </Page>
  );
}

function useNow(): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), NOW_EACH_MS);
    return () => clearInterval(timer);
  }, []);
  return now;
}
