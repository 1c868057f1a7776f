import { Button } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Pages } from './usePages.ts';

/** Below a list that has more pages. */
export function MoreButton({ more, loadMore }: Pick<Pages<unknown>, 'more' | 'loadMore'>) {
  const { t } = useTranslation();
  if (!more) return null;
  return (
    <div>
      <Button variant="default" onClick={loadMore}>
        {t('shared.more')}
      </Button>
    </div>
  );
}
