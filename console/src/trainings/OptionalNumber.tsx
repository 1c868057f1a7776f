import { NumberInput } from '@mantine/core';
import { useTranslation } from 'react-i18next';

interface Props {
  readonly label: string;
  readonly description: string;
  readonly value: number | undefined;
  /** What the service takes if the field is empty; undefined if it depends on something else. */
  readonly usual?: number;
  readonly range: { readonly min: number; readonly max: number };
  readonly step?: number;
  readonly onChange: (value: number | undefined) => void;
}

/** A number that is left to the service while the field is empty. */
export function OptionalNumber({ label, description, value, usual, range, step = 1, onChange }: Props) {
  const { t } = useTranslation();
  return (
    <NumberInput
      label={label}
      description={description}
      placeholder={usual === undefined ? t('trainings.default') : String(usual)}
      {...range}
      step={step}
      allowDecimal={step < 1}
      value={value ?? ''}
      onChange={(given) => onChange(typeof given === 'number' ? given : undefined)}
    />
  );
}
