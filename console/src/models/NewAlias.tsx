import { Button, Group, NativeSelect, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

interface Props {
  readonly models: readonly string[];
  /** Aliases that are there: they are moved in their rows, not here by mistake. */
  readonly taken: readonly string[];
  /** Whether it was stored. */
  readonly onSet: (alias: string, model: string) => Promise<boolean>;
}

export function NewAlias({ models, taken, onSet }: Props) {
  const { t } = useTranslation();
  const [alias, setAlias] = useState('');
  const [given, setGiven] = useState('');
  const model = models.includes(given) ? given : (models[0] ?? '');
  const isTaken = taken.includes(alias);

  async function submit() {
    if (await onSet(alias, model)) setAlias('');
  }

  return (
    <Group
      component="form"
      gap="xs"
      align="end"
      mt="xs"
      onSubmit={(event) => {
        event.preventDefault();
        if (!isTaken) void submit();
      }}
    >
      <TextInput
        label={t('models.newAlias')}
        placeholder="production"
        required
        error={isTaken ? t('models.aliasTaken') : undefined}
        value={alias}
        onChange={(event) => setAlias(event.currentTarget.value)}
      />
      <NativeSelect
        label={t('models.standsForModel')}
        value={model}
        onChange={(event) => setGiven(event.currentTarget.value)}
        data={[...models]}
      />
      <Button type="submit" variant="default" disabled={isTaken}>
        {t('models.setAlias')}
      </Button>
    </Group>
  );
}
