import { Alert, Paper, SegmentedControl, Stack } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useQuery } from 'urql';
import { TrainingChoicesDocument } from '../generated/graphql.ts';
import { Problem } from '../shared/Problem.tsx';
import { ArchiveImport } from './ArchiveImport.tsx';
import { DataSetSummary } from './DataSetSummary.tsx';
import { FormerDataSets } from './FormerDataSets.tsx';
import { MarkProduct } from './MarkProduct.tsx';
import { TrainingFields } from './TrainingFields.tsx';
import styles from './Trainings.module.css';

const SOURCES = ['product', 'archive', 'former'] as const;
type Source = (typeof SOURCES)[number];

/** First what is learnt, with what the service says of it; then the training. */
export function TrainingForm({ onStarted }: { readonly onStarted: () => void }) {
  const { t } = useTranslation();
  const [{ data, error }] = useQuery({ query: TrainingChoicesDocument, requestPolicy: 'cache-and-network' });
  const [source, setSource] = useState<Source>('product');
  const [dataSetId, setDataSetId] = useState<string>();
  return (
    <Paper withBorder p="md" className={styles.form ?? ''}>
      <Stack gap="sm">
        <Problem error={error} />
        {data?.serverInfo.trainers === 0 && <Alert color="orange">{t('trainings.noTrainer')}</Alert>}
        <SegmentedControl
          aria-label={t('trainings.source')}
          size="xs"
          value={source}
          onChange={(value) => {
            setSource(value as Source);
            setDataSetId(undefined);
          }}
          data={SOURCES.map((value) => ({ value, label: t(`trainings.sources.${value}`) }))}
        />
        {source === 'product' && <MarkProduct onChosen={setDataSetId} />}
        {source === 'archive' && <ArchiveImport limits={data?.serverInfo.limits} onChosen={setDataSetId} />}
        {source === 'former' && <FormerDataSets chosen={dataSetId} onChosen={setDataSetId} />}
        {dataSetId !== undefined && data !== undefined && (
          <DataSetSummary id={dataSetId}>
            {(partNumber) => (
              <TrainingFields
                dataSetId={dataSetId}
                partNumber={partNumber}
                models={data.models}
                rules={data.serverInfo}
                onStarted={onStarted}
              />
            )}
          </DataSetSummary>
        )}
      </Stack>
    </Paper>
  );
}
