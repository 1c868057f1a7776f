import { NumberInput } from '@mantine/core';
import { useTranslation } from 'react-i18next';

interface Props {
  readonly label: string;
  readonly description: string;
  readonly value: number | undefined;
  readonly step?: number;
  readonly onChange: (value: number | undefined) => void;
}

/** A number that is left to the service while the field is empty. The service knows its bounds. */
export function OptionalNumber({ label, description, value, step = 1, onChange }: Props) {
  const { t } = useTranslation();
  return (
    <NumberInput
      label={label}
      description={description}
      placeholder={t('trainings.default')}
      min={0}
      step={step}
      allowDecimal={step < 1}
      value={value ?? ''}
      onChange={(given) => onChange(typeof given === 'number' ? given : undefined)}
    />
  );
}
