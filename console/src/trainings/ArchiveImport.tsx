import { Button, FileButton, NativeSelect, Progress, Text, TextInput } from '@mantine/core';
import { IconUpload } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useClient } from 'urql';
import type { TrainingChoicesQuery } from '../generated/graphql.ts';
import { upload, UploadRefused } from '../photographs/upload.ts';
import { Problem } from '../shared/Problem.tsx';
import { useCatalogNames } from '../shared/useCatalogNames.ts';
import styles from './Trainings.module.css';

interface Props {
  readonly limits: TrainingChoicesQuery['serverInfo']['limits'] | undefined;
  readonly onChosen: (dataSetId: string | undefined) => void;
}

interface Sending {
  readonly name: string;
  readonly fraction: number;
}

interface Refusal {
  readonly message: string;
  readonly problems: readonly string[];
}

const MEGABYTE = 2 ** 20;

/** A zip of photographs and masks, which becomes a data set as a whole. What is wrong is listed file by file. */
export function ArchiveImport({ limits, onChosen }: Props) {
  const { t } = useTranslation();
  const client = useClient();
  const { products } = useCatalogNames();
  const [name, setName] = useState('');
  const [partNumber, setPartNumber] = useState('');
  const [sending, setSending] = useState<Sending>();
  const [refusal, setRefusal] = useState<Refusal>();

  async function take(file: File | null) {
    if (file === null) return;
    onChosen(undefined);
    setRefusal(undefined);
    setSending({ name: file.name, fraction: 0 });
    try {
      const show = (fraction: number) => setSending({ name: file.name, fraction });
      const called = name.trim() === '' ? file.name.replace(/\.zip$/i, '') : name.trim();
      const input = { purpose: 'DATA_SET' as const, name: called, partNumber: partNumber === '' ? null : partNumber };
      const { dataSet } = await upload(client, input, file, show);
      onChosen(dataSet?.id);
    } catch (error) {
      const problems = error instanceof UploadRefused ? error.problems : [];
      setRefusal({ message: `${file.name}: ${(error as Error).message}`, problems });
    }
    setSending(undefined);
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
      <div>
        <FileButton accept=".zip,application/zip" onChange={(file) => void take(file)}>
          {(props) => (
            <Button
              {...props}
              variant="default"
              loading={sending !== undefined}
              leftSection={<IconUpload aria-hidden size={18} />}
            >
              {t('models.choose')}
            </Button>
          )}
        </FileButton>
      </div>
      {sending !== undefined && (
        <>
          <Progress
            aria-label={t('photographs.progress', { name: sending.name })}
            value={100 * sending.fraction}
            animated={sending.fraction === 1}
            size="sm"
          />
          <Text size="sm" role="status">
            {t(sending.fraction < 1 ? 'trainings.archiveSent' : 'trainings.archiveRead', {
              share: Math.floor(100 * sending.fraction),
            })}
          </Text>
        </>
      )}
      <Problem error={refusal?.message} />
      {refusal !== undefined && refusal.problems.length > 0 && (
        <ul className={styles.problems} aria-label={t('trainings.archiveProblems')}>
          {refusal.problems.map((problem) => (
            <li key={problem}>{problem}</li>
          ))}
        </ul>
      )}
    </>
  );
}
