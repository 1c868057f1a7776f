import { Button, FileButton, Group, Progress, Stack, Text } from '@mantine/core';
import { useWindowEvent } from '@mantine/hooks';
import { IconUpload } from '@tabler/icons-react';
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { droppedFiles } from './droppedFiles.ts';
import styles from './Photographs.module.css';
import { useUploads } from './useUploads.ts';

interface Props {
  readonly partNumber: string;
  readonly onStored: () => void;
}

const TYPES = '.jpg,.jpeg,.png,.webp,.tif,.tiff,.bmp';

/**
 * Many files at once, chosen, or dropped anywhere on the page. Each shows its progress, and a refused one shows why, by
 * its name.
 */
export function UploadField({ partNumber, onStored }: Props) {
  const { t } = useTranslation();
  const { items, add, retry } = useUploads(onStored);
  const [over, setOver] = useState(false);
  const reset = useRef<() => void>(null);
  const done = items.filter(({ fraction, refusal }) => fraction === 1 && refusal === undefined).length;

  // Beside the field too: a browser would leave the page, and show the file.
  useWindowEvent('dragover', (event) => {
    if (event.dataTransfer?.types.includes('Files') !== true) return;
    event.preventDefault();
    setOver(true);
  });
  useWindowEvent('dragleave', ({ relatedTarget }) => relatedTarget === null && setOver(false));
  useWindowEvent('drop', (event) => {
    if (event.dataTransfer?.types.includes('Files') !== true) return;
    event.preventDefault();
    setOver(false);
    void droppedFiles(event.dataTransfer).then((files) => add(files, partNumber));
  });

  /** The same files can be chosen again, for example after they were mended. */
  function choose(files: readonly File[]) {
    reset.current?.();
    if (files.length > 0) add(files, partNumber);
  }

  return (
    <Stack gap="xs">
      <div className={styles.drop} data-over={over}>
        <Text size="sm">{t('photographs.drop')}</Text>
        <FileButton multiple accept={TYPES} resetRef={reset} onChange={choose}>
          {(props) => (
            <Button {...props} variant="default" leftSection={<IconUpload aria-hidden size={18} />}>
              {t('photographs.choose')}
            </Button>
          )}
        </FileButton>
        <Text size="xs" c="dimmed" ta="center">
          {t('photographs.types')}
        </Text>
      </div>
      {items.length > 0 && (
        <Group gap="xs">
          <Text size="sm" role="status">
            {t('photographs.uploaded', { done, count: items.length })}
          </Text>
          {retry !== undefined && (
            <Button size="compact-xs" variant="default" onClick={retry}>
              {t('photographs.sendAgain')}
            </Button>
          )}
        </Group>
      )}
      <ul className={styles.uploads} tabIndex={items.length > 0 ? 0 : -1} aria-label={t('photographs.uploads')}>
        {items
          .filter(({ fraction, refusal }) => fraction < 1 || refusal !== undefined)
          .map(({ id, file: { name }, fraction, refusal }) => (
            <li key={id}>
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
