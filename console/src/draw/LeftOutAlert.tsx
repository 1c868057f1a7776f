import { Alert } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { leftOut } from './leftOut.ts';

interface Props {
  readonly names: ReturnType<typeof leftOut>;
}

/** So that nobody takes what is drawn here for the same generation with one change. */
export function LeftOutAlert({ names }: Props) {
  const { t, i18n } = useTranslation();
  if (names.length === 0) return null;
  const what = new Intl.ListFormat(i18n.language).format(names.map((name) => t(`draw.leftOut.${name}`)));
  return (
    <Alert color="orange" role="status">
      {t('draw.leftOutMeaning', { what })}
    </Alert>
  );
}
