import { Badge, Progress, Table, Text } from '@mantine/core';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { useQuery } from 'urql';
import type { ExportPartsFragment } from '../generated/graphql.ts';
import { OneExportDocument } from '../generated/graphql.ts';
import { Download } from './Download.tsx';

const ASK_AGAIN_MS = 1_000;
const COLORS = { QUEUED: 'gray', RUNNING: 'blue', SUCCEEDED: 'green', FAILED: 'red' } as const;

/** Exports have no subscription, so an unfinished one is asked for again. */
export function ExportRow({ row }: { readonly row: ExportPartsFragment }) {
  const { t, i18n } = useTranslation();
  const unfinished = row.status === 'QUEUED' || row.status === 'RUNNING';
  const [, ask] = useQuery({ query: OneExportDocument, variables: { id: row.id }, pause: true });
  useEffect(() => {
    if (!unfinished) return;
    const timer = setInterval(() => ask({ requestPolicy: 'network-only' }), ASK_AGAIN_MS);
    return () => clearInterval(timer);
  }, [unfinished, ask]);
  const { archive, error, expiredAt, options, photographCount, sampleCount } = row;
  return (
    <Table.Tr>
      <Table.Td>
        {row.format}
        <Text size="xs" c="dimmed">
          {t('exports.heldOut', { share: Math.round(100 * options.heldOutFraction) })}
        </Text>
      </Table.Td>
      <Table.Td>
        <Badge variant="light" color={COLORS[row.status]} tt="none">
          {t(`status.${row.status}`)}
        </Badge>
        {error !== null && <Text size="xs">{error.message}</Text>}
      </Table.Td>
      <Table.Td>
        {sampleCount}
        {photographCount > 0 && <Text size="xs">{t('exports.photographs', { count: photographCount })}</Text>}
        {unfinished && <Progress aria-label={t('exports.progress')} value={100 * row.progress.fraction} size="sm" />}
      </Table.Td>
      <Table.Td>
        <Text size="xs">{new Date(row.createdAt).toLocaleString(i18n.language)}</Text>
      </Table.Td>
      <Table.Td>
        {archive !== null && <Download exportId={row.id} {...archive} />}
        {expiredAt !== null && <Text size="xs">{t('exports.expired')}</Text>}
      </Table.Td>
    </Table.Tr>
  );
}
