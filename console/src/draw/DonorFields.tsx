import { NativeSelect } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { ReferencePartsFragment } from '../generated/graphql.ts';
import type { Choices, Donors } from './choices.ts';
import { PhotographChoice } from './PhotographChoice.tsx';

const DONORS: readonly Donors[] = ['CHOSEN', 'OF_PAIR', 'OF_OTHER_PRODUCTS', 'CUT_PASTE'];

interface Props {
  readonly choices: Choices;
  /** Defective ones of the product. */
  readonly photographs: readonly ReferencePartsFragment[];
  readonly onChange: (change: Partial<Choices>) => void;
}

/** What is transplanted: the defect of one photograph, of several in turn, or a patch of a good part. */
export function DonorFields({ choices, photographs, onChange }: Props) {
  const { t } = useTranslation();
  const offered = choices.repeatedDonors === undefined ? DONORS : [...DONORS, 'REPEATED' as const];
  return (
    <>
      <NativeSelect
        label={t('draw.defectFrom')}
        value={choices.donors}
        onChange={(event) => onChange({ donors: event.currentTarget.value as Donors })}
        data={offered.map((one) => ({ value: one, label: t(`draw.donors.${one}`) }))}
      />
      {choices.donors === 'CHOSEN' && (
        <PhotographChoice
          label={t('draw.donor')}
          photographs={photographs}
          chosen={choices.donor?.id}
          onChoose={(donor) => onChange({ donor })}
        />
      )}
    </>
  );
}
