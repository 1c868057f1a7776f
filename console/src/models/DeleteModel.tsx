import { useTranslation } from 'react-i18next';
import { useMutation } from 'urql';
import { DeleteModelDocument } from '../generated/graphql.ts';
import { Confirmation } from '../shared/Confirmation.tsx';

export function DeleteModel({ id }: { readonly id: string }) {
  const { t } = useTranslation();
  const [{ fetching, error }, remove] = useMutation(DeleteModelDocument);
  return (
    <Confirmation
      ask={t('models.delete', { id })}
      question={t('models.deleteQuestion', { id })}
      confirm={t('models.deleteConfirm')}
      busy={fetching}
      error={error}
      onConfirm={() => remove({ id })}
    />
  );
}
