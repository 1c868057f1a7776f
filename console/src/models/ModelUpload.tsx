import { Button, FileButton, Progress, Stack, Text } from '@mantine/core';
import { IconUpload } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useClient } from 'urql';
import { upload } from '../photographs/upload.ts';
import { Problem } from '../shared/Problem.tsx';

interface Sending {
  readonly name: string;
  readonly fraction: number;
}

/** The zip of an adapter. Refusals are the service's, after the name of the file. */
export function ModelUpload({ onUploaded }: { readonly onUploaded: () => void }) {
  const { t } = useTranslation();
  const client = useClient();
  const [sending, setSending] = useState<Sending>();
  const [done, setDone] = useState<string>();
  const [refusal, setRefusal] = useState<string>();

  async function take(file: File | null) {
    if (file === null) return;
    setDone(undefined);
    setRefusal(undefined);
    setSending({ name: file.name, fraction: 0 });
    try {
      const show = (fraction: number) => setSending({ name: file.name, fraction });
      const { model } = await upload(client, { purpose: 'MODEL' }, file, show);
      setDone(model?.id);
      onUploaded();
    } catch (error) {
      setRefusal(`${file.name}: ${(error as Error).message}`);
    }
    setSending(undefined);
  }

  return (
    <Stack gap="xs" align="start" component="section">
      <h2>{t('models.upload')}</h2>
      <Text size="sm" c="dimmed">
        {t('models.uploadMeaning')}
      </Text>
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
      {sending !== undefined && (
        <Progress
          aria-label={t('models.progress', { name: sending.name })}
          value={100 * sending.fraction}
          size="sm"
          w="min(28rem, 100%)"
        />
      )}
      <Text size="sm" role="status">
        {done !== undefined && t('models.uploaded', { id: done })}
      </Text>
      <Problem error={refusal} />
    </Stack>
  );
}
