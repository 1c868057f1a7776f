import { Button, Group, NativeSelect, Table, Text } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMutation } from 'urql';
import type { ModelAliasPartsFragment } from '../generated/graphql.ts';
import { DeleteModelAliasDocument } from '../generated/graphql.ts';
import { Confirmation } from '../shared/Confirmation.tsx';

interface Props {
  readonly row: ModelAliasPartsFragment;
  readonly models: readonly string[];
  readonly mayWrite: boolean;
  readonly onMove: (model: string) => void;
}

export function AliasRow({ row, models, mayWrite, onMove }: Props) {
  const { t, i18n } = useTranslation();
  const { alias, model, previousModel, updatedAt, updatedBy } = row;
  const [chosen, setChosen] = useState(model);
  const [removed, remove] = useMutation(DeleteModelAliasDocument);
  return (
    <Table.Tr>
      <Table.Th scope="row">{alias}</Table.Th>
      <Table.Td>
        {mayWrite ? (
          <NativeSelect
            aria-label={t('models.standsFor', { alias })}
            size="xs"
            miw="10rem"
            value={chosen}
            onChange={(event) => setChosen(event.currentTarget.value)}
            data={[...new Set([model, ...models])]}
          />
        ) : (
          model
        )}
      </Table.Td>
      {mayWrite && (
        <Table.Td>
          <Group gap="xs">
            <Button size="compact-sm" disabled={chosen === model} onClick={() => onMove(chosen)}>
              {t('models.move')}
            </Button>
            {previousModel !== null && (
              <Button size="compact-sm" variant="default" onClick={() => onMove(previousModel)}>
                {t('models.moveBack', { model: previousModel })}
              </Button>
            )}
            <Confirmation
              ask={t('models.delete', { id: alias })}
              question={t('models.deleteAliasQuestion', { alias })}
              confirm={t('models.deleteConfirm')}
              busy={removed.fetching}
              error={removed.error}
              onConfirm={() => remove({ alias })}
            />
          </Group>
        </Table.Td>
      )}
      <Table.Td>
        <Text size="xs">{new Date(updatedAt).toLocaleString(i18n.language)}</Text>
        <Text size="xs" c="dimmed">
          {updatedBy}
        </Text>
      </Table.Td>
    </Table.Tr>
  );
}
