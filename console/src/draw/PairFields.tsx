import { Badge, Group, NativeSelect, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Coverage, PairsToDrawQuery, ProductsToDrawQuery } from '../generated/graphql.ts';
import type { Choices } from './choices.ts';
import { withoutDonors } from './choices.ts';

type Product = ProductsToDrawQuery['products']['edges'][number]['node'];
export type Pair = NonNullable<PairsToDrawQuery['product']>['pairs']['edges'][number]['node'];

interface Props {
  readonly choices: Choices;
  readonly products: readonly Product[];
  readonly pairs: readonly Pair[];
  readonly onChange: (change: Partial<Choices>) => void;
}

const GROUPS: readonly Coverage[] = ['TRAINED', 'ZERO_SHOT', 'UNSUPPORTED'];
const COLORS = { TRAINED: 'green', ZERO_SHOT: 'blue', UNSUPPORTED: 'gray' } as const;

export function PairFields({ choices, products, pairs, onChange }: Props) {
  const { t } = useTranslation();
  const coverage = pairs.find(({ defect }) => defect.code === choices.defectCode)?.coverage;
  const groups = GROUPS.map((group) => ({
    group: t(`coverage.${group}.name`),
    items: pairs
      .filter((pair) => pair.coverage === group)
      .map(({ defect }) => ({ value: defect.code, label: defect.name })),
  })).filter(({ items }) => items.length > 0);
  return (
    <>
      <NativeSelect
        label={t('draw.product')}
        value={choices.partNumber}
        onChange={(event) =>
          onChange({
            partNumber: event.currentTarget.value,
            onto: undefined,
            region: undefined,
            allowedArea: undefined,
            ...withoutDonors(choices),
          })
        }
        data={products.map(({ partNumber, name }) => ({ value: partNumber, label: `${name} (${partNumber})` }))}
      />
      <NativeSelect
        label={t('draw.defect')}
        value={choices.defectCode}
        onChange={(event) => onChange({ defectCode: event.currentTarget.value, ...withoutDonors(choices) })}
        data={groups}
      />
      {coverage !== undefined && (
        <Group gap="xs" wrap="nowrap" align="start">
          <Badge variant="light" color={COLORS[coverage]} tt="none">
            {t(`coverage.${coverage}.name`)}
          </Badge>
          <Text size="xs" c="dimmed">
            {t(`coverage.${coverage}.meaning`)}
          </Text>
        </Group>
      )}
    </>
  );
}
