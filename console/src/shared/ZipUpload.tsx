import { Alert, Button, Progress, Stack, Text } from '@mantine/core';
import { IconUpload } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useClient } from 'urql';
import type { CreateUploadInput } from '../generated/graphql.ts';
import { FileChoice } from './FileChoice.tsx';
import type { FinishedUpload } from './upload.ts';
import { upload, UploadRefused } from './upload.ts';
import styles from './ZipUpload.module.css';

interface Props {
  /** What the zip becomes. */
  readonly inputOf: (file: File) => CreateUploadInput;
  readonly onStart?: () => void;
  readonly onUploaded: (uploaded: FinishedUpload) => void;
}

interface Sending {
  readonly name: string;
  readonly fraction: number;
}

interface Refusal {
  readonly name: string;
  readonly error: Error;
}

/** A zip that is sent, and then read by the service as a whole. What is wrong is listed one by one. */
export function ZipUpload({ inputOf, onStart, onUploaded }: Props) {
  const { t } = useTranslation();
  const client = useClient();
  const [sending, setSending] = useState<Sending>();
  const [refusal, setRefusal] = useState<Refusal>();

  async function take(file: File) {
    const { name } = file;
    onStart?.();
    setRefusal(undefined);
    setSending({ name, fraction: 0 });
    try {
      onUploaded(await upload(client, inputOf(file), file, (fraction) => setSending({ name, fraction })));
    } catch (error) {
      setRefusal({ name, error: error as Error });
    }
    setSending(undefined);
  }

  return (
    <Stack gap="xs" align="start">
      <FileChoice accept=".zip,application/zip" onChange={(file) => void take(file)}>
        {(props) => (
          <Button
            {...props}
            variant="default"
            loading={sending !== undefined}
            leftSection={<IconUpload aria-hidden size={18} />}
          >
            {t('upload.choose')}
          </Button>
        )}
      </FileChoice>
      {sending !== undefined && (
        <div className={styles.sending}>
          <Progress
            aria-label={t('upload.progress', { name: sending.name })}
            value={100 * sending.fraction}
            animated={sending.fraction === 1}
            size="sm"
          />
          <Text size="sm" role="status">
            {sending.fraction < 1
              ? t('upload.sent', { share: Math.floor(100 * sending.fraction) })
              : t('upload.beingRead', { name: sending.name })}
          </Text>
        </div>
      )}
      {refusal !== undefined && <ZipRefusal {...refusal} />}
    </Stack>
  );
}

function ZipRefusal({ name, error }: Refusal) {
  const { t } = useTranslation();
  const { problems, problemCount: count } =
    error instanceof UploadRefused ? error : new UploadRefused(error.message, []);
  return (
    <Alert color="red" role="alert" title={t('shared.problem')}>
      <Text size="sm">
        {problems.length === 0 ? `${name}: ${error.message}` : t('upload.problems', { name, count })}
      </Text>
      {problems.length > 0 && (
        <ul className={styles.problems} aria-label={t('upload.wrong')}>
          {problems.map((problem) => (
            <li key={problem}>{problem}</li>
          ))}
          {count > problems.length && <li>{t('upload.moreProblems', { count: count - problems.length })}</li>}
        </ul>
      )}
    </Alert>
  );
}
