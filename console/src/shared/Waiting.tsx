import { Loader } from '@mantine/core';
import { useTranslation } from 'react-i18next';

export function Waiting() {
  const { t } = useTranslation();
  return <Loader role="status" aria-label={t('shared.loading')} />;
}
