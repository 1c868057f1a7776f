import { NativeSelect, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { CreateUploadInput, TrainingChoicesQuery } from '../generated/graphql.ts';
import { useCatalogNames } from '../shared/useCatalogNames.ts';
import { ZipUpload } from '../shared/ZipUpload.tsx';
import styles from './Trainings.module.css';

interface Props {
  readonly limits: TrainingChoicesQuery['serverInfo']['limits'] | undefined;
  readonly onChosen: (dataSetId: string | undefined) => void;
}

const MEGABYTE = 2 ** 20;

/** A zip of photographs and masks, which becomes a data set as a whole. */
export function ArchiveImport({ limits, onChosen }: Props) {
  const { t } = useTranslation();
  const { products } = useCatalogNames();
  const [name, setName] = useState('');
  const [partNumber, setPartNumber] = useState('');

  function inputOf(file: File): CreateUploadInput {
    const called = name.trim() === '' ? file.name.replace(/\.zip$/i, '') : name.trim();
    return { purpose: 'DATA_SET', name: called, partNumber: partNumber === '' ? null : partNumber };
  }

  return (
    <>
      <Text size="sm">{t('trainings.archiveMeaning')}</Text>
      <pre className={styles.layout} tabIndex={0}>
        {t('trainings.archiveLayout')}
      </pre>
      {limits !== undefined && (
        <Text size="xs" c="dimmed">
          {t('trainings.archiveLimits', {
            count: limits.photographsPerArchive,
            size: Math.floor(limits.maximumArchiveBytes / MEGABYTE),
          })}
        </Text>
      )}
      <TextInput
        label={t('trainings.archiveName')}
        description={t('trainings.archiveNameMeaning')}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <NativeSelect
        label={t('trainings.archiveProduct')}
        description={t('trainings.archiveProductMeaning')}
        value={partNumber}
        onChange={(event) => setPartNumber(event.currentTarget.value)}
        data={[
          { value: '', label: t('trainings.archiveNamesProduct') },
          ...products.map((product) => ({ value: product.partNumber, label: product.name })),
        ]}
      />
      <ZipUpload
        inputOf={inputOf}
        onStart={() => onChosen(undefined)}
        onUploaded={({ dataSet }) => onChosen(dataSet?.id)}
      />
    </>
  );
}
