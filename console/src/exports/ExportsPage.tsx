import { Table, Text } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMutation } from 'urql';
import { ExportDatasetDocument, ExportsDocument } from '../generated/graphql.ts';
import type { ExportsQuery, SampleFilter } from '../generated/graphql.ts';
import { filterFromAddress } from '../gallery/address.ts';
import { MoreButton } from '../shared/MoreButton.tsx';
import { Page } from '../shared/Page.tsx';
import { Problem } from '../shared/Problem.tsx';
import { ScrollingTable } from '../shared/ScrollingTable.tsx';
import { usePages } from '../shared/usePages.ts';
import { ExportForm } from './ExportForm.tsx';
import { ExportRow } from './ExportRow.tsx';
import styles from './ExportsPage.module.css';
import { useCounts } from './useCounts.ts';

const exportsOf = ({ exports }: ExportsQuery) => exports;

export default function ExportsPage() {
  const { t } = useTranslation();
  const [filter, setFilter] = useState<SampleFilter>(filterFromAddress);
  const counts = useCounts(filter);
  const pages = usePages(ExportsDocument, {}, exportsOf);
  const [started, start] = useMutation(ExportDatasetDocument);
  const rows = pages.nodes;
  return (
    <Page title={t('pages.exports')} lead={t('exports.lead')}>
      <Problem error={started.error ?? pages.error ?? counts.error} />
      <div className={styles.columns}>
        <ExportForm
          filter={filter}
          counts={counts}
          busy={started.fetching}
          onFilter={setFilter}
          onStart={(input) => void start({ input })}
        />
        <div>
          <h2>{t('exports.contents')}</h2>
          <Text size="sm" role="status">
            {t(counts.finished ? 'exports.total' : 'exports.counting', { count: counts.total })}
            {counts.finished && counts.total === 0 && counts.error === undefined && ` ${t('exports.none')}`}
          </Text>
          <ul className={styles.counts}>
            {[...counts.pairs].map(([name, count]) => (
              <li key={name}>
                <span>{name}</span> <b>{count}</b>
              </li>
            ))}
          </ul>
        </div>
      </div>
      <h2>{t('exports.former')}</h2>
      {rows.length === 0 && <Text c="dimmed">{t('shared.nothing')}</Text>}
      {rows.length > 0 && (
        <ScrollingTable
          label={t('exports.former')}
          heads={[
            t('exports.format'),
            t('queue.status'),
            t('queue.samples'),
            t('queue.requested'),
            t('exports.archive'),
          ]}
        >
          <Table.Tbody>
            {rows.map((row) => (
              <ExportRow key={row.id} row={row} />
            ))}
          </Table.Tbody>
        </ScrollingTable>
      )}
      <MoreButton {...pages} />
    </Page>
  );
}
