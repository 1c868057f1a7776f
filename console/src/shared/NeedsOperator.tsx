import { Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useSession } from '../app/session.ts';

/** Says to a viewer why a button does nothing for them. */
export function NeedsOperator() {
  const { t } = useTranslation();
  const { session } = useSession();
  if (session.role !== 'VIEWER') return null;
  return <Text size="sm">{t('shared.needsOperator', { role: t('roles.OPERATOR') })}</Text>;
}
