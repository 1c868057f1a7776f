import { NativeSelect } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Alias, Model } from './modelChoice.ts';

interface Props {
  readonly label: string;
  /** An id or an alias; empty if none is chosen. */
  readonly value: string;
  readonly models: readonly Model[];
  readonly aliases: readonly Alias[];
  readonly onChange: (model: string) => void;
  /** The text of the choice of no model, if there is one. */
  readonly none?: string;
  readonly description?: string | undefined;
  readonly error?: string | undefined;
}

interface Item {
  readonly value: string;
  readonly label: string;
}

/** A version of a model, or an alias, whose requests draw with whatever it stands for at that time. */
export function ModelField({ models, aliases, none, value, onChange, ...texts }: Props) {
  const { t } = useTranslation();
  const ids = models.map(({ id }) => id);
  const item = ({ id, isDefault }: Model): Item => ({
    value: id,
    label: isDefault ? `${id} (${t('models.default')})` : id,
  });
  const groups: { group: string; items: Item[] }[] = [
    {
      group: t('models.aliases'),
      items: aliases
        .filter(({ model }) => ids.includes(model))
        .map(({ alias, model }) => ({ value: alias, label: `${alias} → ${model}` })),
    },
    { group: t('models.ownOnes'), items: models.filter(({ visibility }) => visibility === 'PRIVATE').map(item) },
    { group: t('models.publicOnes'), items: models.filter(({ visibility }) => visibility === 'PUBLIC').map(item) },
  ].filter(({ items }) => items.length > 0);
  const [first] = groups;
  return (
    <NativeSelect
      {...texts}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      data={[
        ...(none === undefined ? [] : [{ value: '', label: none }]),
        ...(groups.length === 1 && first !== undefined ? first.items : groups),
      ]}
    />
  );
}
