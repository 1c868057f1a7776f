import { useTranslation } from 'react-i18next';
import { useMutation } from 'urql';
import { DeleteSamplesDocument } from '../generated/graphql.ts';
import { Confirmation } from '../shared/Confirmation.tsx';

interface Props {
  readonly id: string;
  readonly onDeleted: (id: string) => void;
}

export function DeleteSample({ id, onDeleted }: Props) {
  const { t } = useTranslation();
  const [{ fetching, error }, remove] = useMutation(DeleteSamplesDocument);
  return (
    <Confirmation
      ask={t('review.delete')}
      question={t('review.deleteQuestion')}
      confirm={t('review.deleteConfirm')}
      busy={fetching}
      error={error}
      onConfirm={async () => {
        if ((await remove({ ids: [id] })).error === undefined) onDeleted(id);
      }}
    />
  );
}
