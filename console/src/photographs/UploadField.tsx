import { Button, FileButton, Group, Progress, Stack, Text } from '@mantine/core';
import { IconUpload } from '@tabler/icons-react';
import { useState } from 'react';
import type { DragEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { useClient } from 'urql';
import styles from './Photographs.module.css';
import { upload } from '../shared/upload.ts';

interface Props {
  readonly partNumber: string;
  readonly onUploaded: () => void;
}

interface Item {
  readonly name: string;
  readonly fraction: number;
  readonly refusal?: string;
}

const TYPES = '.jpg,.jpeg,.png,.webp,.tif,.tiff,.bmp';
/** At a time; the service takes eight of a tenant. */
const CONCURRENT = 4;

/** Many files at once. Each shows its progress, and a refused one shows why, by its name. */
export function UploadField({ partNumber, onUploaded }: Props) {
  const { t } = useTranslation();
  const client = useClient();
  const [items, setItems] = useState<readonly Item[]>([]);
  const [over, setOver] = useState(false);
  const done = items.filter(({ fraction, refusal }) => fraction === 1 && refusal === undefined).length;

  async function take(files: readonly File[]) {
    setItems(files.map(({ name }) => ({ name, fraction: 0 })));
    const change = (index: number, part: Partial<Item>) =>
      setItems((former) => former.map((item, at) => (at === index ? { ...item, ...part } : item)));
    const waiting = [...files.entries()];
    const work = async () => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const [index, file] = next;
        try {
          const input = { purpose: 'REFERENCE', partNumber, name: file.name } as const;
          await upload(client, input, file, (fraction) => change(index, { fraction: 0.95 * fraction }));
          change(index, { fraction: 1 });
        } catch (error) {
          change(index, { refusal: (error as Error).message });
        }
      }
    };
    await Promise.all(Array.from({ length: CONCURRENT }, work));
    onUploaded();
  }

  function drop(event: DragEvent) {
    event.preventDefault();
    setOver(false);
    void take([...event.dataTransfer.files]);
  }

  return (
    <Stack gap="xs">
      <div
        className={styles.drop}
        data-over={over}
        onDrop={drop}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
      >
        <Text size="sm">{t('photographs.drop')}</Text>
        <FileButton multiple accept={TYPES} onChange={(files) => void take(files)}>
          {(props) => (
            <Button {...props} variant="default" leftSection={<IconUpload aria-hidden size={18} />}>
              {t('photographs.choose')}
            </Button>
          )}
        </FileButton>
        <Text size="xs" c="dimmed">
          {t('photographs.types')}
        </Text>
      </div>
      {items.length > 0 && (
        <Text size="sm" role="status">
          {t('photographs.uploaded', { done, count: items.length })}
        </Text>
      )}
      <ul className={styles.uploads} aria-label={t('photographs.uploads')}>
        {items
          .filter(({ fraction, refusal }) => fraction < 1 || refusal !== undefined)
          .map(({ name, fraction, refusal }, index) => (
            <li key={`${String(index)} ${name}`}>
              <Group justify="space-between" gap="xs">
                <Text size="sm" fw={500} className={styles.name ?? ''}>
                  {name}
                </Text>
                {refusal !== undefined && (
                  <Text size="sm" c="var(--mantine-color-error)">
                    {refusal}
                  </Text>
                )}
              </Group>
              {refusal === undefined && (
                <Progress aria-label={t('photographs.progress', { name })} value={100 * fraction} size="sm" />
              )}
            </li>
          ))}
      </ul>
    </Stack>
  );
}
