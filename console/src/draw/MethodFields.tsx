import { NativeSelect, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import type { ReferencePartsFragment } from '../generated/graphql.ts';
import type { Choices, Method } from './choices.ts';
import { DonorFields } from './DonorFields.tsx';
import { PhotographChoice } from './PhotographChoice.tsx';

const METHODS: readonly Method[] = ['NOISE', 'TWIN', 'PHOTOGRAPH', 'TRANSPLANT'];

interface Props {
  readonly choices: Choices;
  readonly references: readonly ReferencePartsFragment[];
  readonly onChange: (change: Partial<Choices>) => void;
}

export function MethodFields({ choices, references, onChange }: Props) {
  const { t } = useTranslation();
  const { method } = choices;
  const good = references.filter(({ state }) => state === 'GOOD');
  const onPhotograph = method === 'PHOTOGRAPH' || method === 'TRANSPLANT';
  return (
    <Stack gap="xs">
      <NativeSelect
        label={t('draw.method')}
        description={t(`draw.methods.${method}.meaning`)}
        inputWrapperOrder={['label', 'input', 'description']}
        value={method}
        onChange={(event) => onChange({ method: event.currentTarget.value as Method })}
        data={METHODS.map((one) => ({ value: one, label: t(`draw.methods.${one}.name`) }))}
      />
      {onPhotograph && (
        <PhotographChoice
          label={t('draw.onto')}
          photographs={good}
          chosen={choices.onto?.id}
          onChoose={(onto) => onChange({ onto, region: undefined, allowedArea: undefined })}
        />
      )}
      {method === 'TRANSPLANT' && (
        <DonorFields
          choices={choices}
          photographs={references.filter(({ state }) => state === 'DEFECTIVE')}
          onChange={onChange}
        />
      )}
      {onPhotograph && (
        <Text size="sm">
          <Link href={`/photographs?product=${encodeURIComponent(choices.partNumber)}`}>{t('draw.upload')}</Link>
        </Text>
      )}
    </Stack>
  );
}
