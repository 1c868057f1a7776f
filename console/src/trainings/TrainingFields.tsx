import { Button, NativeSelect, NumberInput, Stack, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMutation } from 'urql';
import type { TrainingChoicesQuery, TrainingKind } from '../generated/graphql.ts';
import { StartTrainingDocument } from '../generated/graphql.ts';
import { Problem } from '../shared/Problem.tsx';
import type { TrainingChoices, TrainingRules } from './choices.ts';
import { firstChoices, inputOf, KINDS } from './choices.ts';
import { SpecialFields } from './SpecialFields.tsx';
import styles from './Trainings.module.css';

interface Props {
  readonly dataSetId: string;
  /** A product of the data set. */
  readonly partNumber: string;
  readonly models: TrainingChoicesQuery['models'];
  readonly rules: TrainingRules;
  readonly onStarted: () => void;
}

/** All that a training can be told. The form stays as it is after the start, for the next one. */
export function TrainingFields({ dataSetId, partNumber, models, rules, onStarted }: Props) {
  const { t } = useTranslation();
  const [choices, setChoices] = useState(() => firstChoices(partNumber, rules.trainingDefaults));
  const [started, start] = useMutation(StartTrainingDocument);
  const change = (part: Partial<TrainingChoices>) => setChoices((former) => ({ ...former, ...part }));
  const { name, version, kind, base, minutes } = choices;
  // A training begins with a bundle of the service: not with an adapter, and not with a model of the tenant.
  const bases = models.filter((model) => model.isTrainingBase);
  const chosen = bases.find(({ id, isDefault }) => (base === '' ? isDefault : id === base));

  async function submit() {
    const { error } = await start({ input: inputOf(dataSetId, choices, rules.trainingDefaults) });
    if (error === undefined) onStarted();
  }

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <Stack gap="sm">
        <div className={styles.fields}>
          <TextInput
            label={t('trainings.name')}
            placeholder="my-parts"
            required
            value={name}
            onChange={(event) => change({ name: event.currentTarget.value })}
          />
          <TextInput
            label={t('trainings.version')}
            required
            value={version}
            onChange={(event) => change({ version: event.currentTarget.value })}
          />
        </div>
        <NativeSelect
          label={t('trainings.kind')}
          description={t(`trainings.kinds.${kind}.meaning`)}
          inputWrapperOrder={['label', 'input', 'description']}
          value={kind}
          onChange={(event) => change({ kind: event.currentTarget.value as TrainingKind })}
          data={KINDS.map((value) => ({ value, label: t(`trainings.kinds.${value}.name`) }))}
        />
        <NativeSelect
          label={t(kind === 'FROM_SCRATCH' ? 'trainings.architecture' : 'trainings.base')}
          value={chosen?.id ?? ''}
          onChange={(event) => change({ base: event.currentTarget.value })}
          data={bases.map(({ id, isDefault }) => ({
            value: id,
            label: isDefault ? `${id} (${t('models.default')})` : id,
          }))}
        />
        {chosen !== undefined && (
          <Text size="xs" c="dimmed">
            {kind === 'FROM_SCRATCH'
              ? t('trainings.noLicense')
              : t('trainings.inherited', { license: chosen.license.id, terms: chosen.license.terms })}
          </Text>
        )}
        <NumberInput
          label={t('trainings.minutes')}
          description={t('trainings.minutesMeaning', rules.trainingRanges.minutes)}
          {...rules.trainingRanges.minutes}
          required
          withAsterisk={false}
          value={minutes}
          onChange={(value) => typeof value === 'number' && change({ minutes: value })}
        />
        <details>
          <summary>{t('trainings.special')}</summary>
          <SpecialFields choices={choices} rules={rules} onChange={change} />
        </details>
        <Button type="submit" loading={started.fetching}>
          {t('trainings.start')}
        </Button>
        <Problem error={started.error} />
      </Stack>
    </form>
  );
}
