import { Stack } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';

export function NotFound() {
  const { t } = useTranslation();
  return (
    <Stack>
      <h1>{t('shell.notFound')}</h1>
      <Link href="/">{t('shell.toDraw')}</Link>
    </Stack>
  );
}
