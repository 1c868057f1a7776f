import { Stack, Switch, TextInput } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { TrainingChoices, TrainingRules } from './choices.ts';
import { OptionalNumber } from './OptionalNumber.tsx';
import styles from './Trainings.module.css';
import { WindowFields } from './WindowFields.tsx';

interface Props {
  readonly choices: TrainingChoices;
  readonly rules: TrainingRules;
  readonly onChange: (part: Partial<TrainingChoices>) => void;
}

const TEXTS = ['license', 'terms', 'description'] as const;

/** What few trainings need: the service has a default for each of them. */
export function SpecialFields({ choices, rules, onChange }: Props) {
  const { t } = useTranslation();
  const { trainingDefaults: defaults, trainingRanges: ranges } = rules;
  const number = (field: 'rank' | 'seed' | 'priority', usual?: number) => (
    <OptionalNumber
      label={t(`trainings.${field}`)}
      description={t(`trainings.${field}Meaning`, ranges[field])}
      value={choices[field]}
      {...(usual !== undefined && { usual })}
      range={ranges[field]}
      onChange={(value) => onChange({ [field]: value })}
    />
  );
  return (
    <Stack gap="sm" pt="xs">
      <WindowFields windows={choices.windows} rules={rules} onChange={(windows) => onChange({ windows })} />
      {choices.kind === 'ADAPTER' && number('rank', defaults.rank)}
      <div className={styles.fields}>
        {number('seed')}
        {number('priority', defaults.priority)}
      </div>
      <Switch
        label={t('trainings.measureDetectors')}
        description={t('trainings.measureDetectorsMeaning')}
        checked={choices.measureDetectors}
        onChange={(event) => onChange({ measureDetectors: event.currentTarget.checked })}
      />
      {TEXTS.map((field) => (
        <TextInput
          key={field}
          label={t(`trainings.${field}`)}
          description={t(`trainings.${field}Meaning`)}
          placeholder={field === 'license' ? defaults.license : t('trainings.default')}
          value={choices[field]}
          onChange={(event) => onChange({ [field]: event.currentTarget.value })}
        />
      ))}
    </Stack>
  );
}
