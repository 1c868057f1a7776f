import { Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ZipUpload } from '../shared/ZipUpload.tsx';

/** The zip of an adapter or a bundle. */
export function ModelUpload({ onUploaded }: { readonly onUploaded: () => void }) {
  const { t } = useTranslation();
  const [done, setDone] = useState<string>();
  return (
    <Stack gap="xs" align="start" component="section">
      <h2>{t('models.upload')}</h2>
      <Text size="sm" c="dimmed">
        {t('models.uploadMeaning')}
      </Text>
      <ZipUpload
        inputOf={() => ({ purpose: 'MODEL' })}
        onStart={() => setDone(undefined)}
        onUploaded={({ model }) => {
          setDone(model?.id);
          onUploaded();
        }}
      />
      <Text size="sm" role="status">
        {done !== undefined && t('models.uploaded', { id: done })}
      </Text>
    </Stack>
  );
}
