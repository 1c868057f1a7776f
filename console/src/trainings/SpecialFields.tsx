import { Stack, TextInput } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { TrainingChoices } from './choices.ts';
import { OptionalNumber } from './OptionalNumber.tsx';
import styles from './Trainings.module.css';
import { WindowFields } from './WindowFields.tsx';

interface Props {
  readonly choices: TrainingChoices;
  readonly onChange: (part: Partial<TrainingChoices>) => void;
}

const TEXTS = ['license', 'terms', 'description'] as const;

/** What few trainings need: the service has a default for each of them. */
export function SpecialFields({ choices, onChange }: Props) {
  const { t } = useTranslation();
  const number = (field: 'rank' | 'seed' | 'priority') => (
    <OptionalNumber
      label={t(`trainings.${field}`)}
      description={t(`trainings.${field}Meaning`)}
      value={choices[field]}
      onChange={(value) => onChange({ [field]: value })}
    />
  );
  return (
    <Stack gap="sm" pt="xs">
      <WindowFields windows={choices.windows} onChange={(windows) => onChange({ windows })} />
      {choices.kind === 'ADAPTER' && number('rank')}
      <div className={styles.fields}>
        {number('seed')}
        {number('priority')}
      </div>
      {TEXTS.map((field) => (
        <TextInput
          key={field}
          label={t(`trainings.${field}`)}
          description={t(`trainings.${field}Meaning`)}
          placeholder={t('trainings.default')}
          value={choices[field]}
          onChange={(event) => onChange({ [field]: event.currentTarget.value })}
        />
      ))}
    </Stack>
  );
}
