import { Stack, Table, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useMutation } from 'urql';
import type { ModelAliasPartsFragment } from '../generated/graphql.ts';
import { SetModelAliasDocument } from '../generated/graphql.ts';
import { Problem } from '../shared/Problem.tsx';
import { ScrollingTable } from '../shared/ScrollingTable.tsx';
import { AliasRow } from './AliasRow.tsx';
import { NewAlias } from './NewAlias.tsx';

interface Props {
  readonly aliases: readonly ModelAliasPartsFragment[];
  /** Ids of all models. */
  readonly models: readonly string[];
  readonly mayWrite: boolean;
}

/** The tenant's names for versions of models: to be moved to another version, and back to the former one. */
export function ModelAliases({ aliases, models, mayWrite }: Props) {
  const { t } = useTranslation();
  const [moved, move] = useMutation(SetModelAliasDocument);
  return (
    <Stack component="section" gap="xs">
      <h2>{t('models.aliases')}</h2>
      <Text size="sm" c="dimmed">
        {t('models.aliasesMeaning')}
      </Text>
      <Problem error={moved.error} />
      {aliases.length > 0 && (
        <ScrollingTable
          label={t('models.aliases')}
          heads={[t('models.alias'), t('draw.model'), ...(mayWrite ? [t('queue.actions')] : []), t('models.changed')]}
        >
          <Table.Tbody>
            {aliases.map((one) => (
              <AliasRow
                key={`${one.alias} ${one.model}`}
                row={one}
                models={models}
                mayWrite={mayWrite}
                onMove={(model) => void move({ alias: one.alias, model })}
              />
            ))}
          </Table.Tbody>
        </ScrollingTable>
      )}
      {mayWrite && models.length > 0 && (
        <NewAlias
          models={models}
          taken={aliases.map(({ alias }) => alias)}
          onSet={async (alias, model) => (await move({ alias, model })).error === undefined}
        />
      )}
    </Stack>
  );
}
