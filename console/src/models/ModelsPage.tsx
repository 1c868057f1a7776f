import { Badge, Group, Stack, Table, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useQuery } from 'urql';
import type { ModelsQuery } from '../generated/graphql.ts';
import { ModelAliasesDocument, ModelsDocument } from '../generated/graphql.ts';
import { useSession } from '../app/session.ts';
import { Page } from '../shared/Page.tsx';
import { Problem } from '../shared/Problem.tsx';
import { ScrollingTable } from '../shared/ScrollingTable.tsx';
import { Waiting } from '../shared/Waiting.tsx';
import { DeleteModel } from './DeleteModel.tsx';
import { ModelAliases } from './ModelAliases.tsx';
import { ModelUpload } from './ModelUpload.tsx';

type Model = ModelsQuery['models'][number];

export default function ModelsPage() {
  const { t } = useTranslation();
  const { session } = useSession();
  const [{ data, error }, read] = useQuery({ query: ModelsDocument });
  const [named] = useQuery({ query: ModelAliasesDocument, requestPolicy: 'cache-and-network' });
  const aliases = named.data?.modelAliases ?? [];
  return (
    <Page title={t('pages.models')} lead={t('models.lead')}>
      <Problem error={error ?? named.error} />
      {data === undefined && error === undefined && <Waiting />}
      {session.role !== 'VIEWER' && <ModelUpload onUploaded={() => read({ requestPolicy: 'network-only' })} />}
      {data != null && (
        <ModelAliases
          aliases={aliases}
          models={data.models.map(({ id }) => id)}
          mayWrite={session.role !== 'VIEWER'}
        />
      )}
      {data?.models.map((model) => (
        <OneModel
          key={model.id}
          model={model}
          aliases={aliases.filter((one) => one.model === model.id).map(({ alias }) => alias)}
          mayDelete={session.role !== 'VIEWER'}
        />
      ))}
    </Page>
  );
}

interface Props {
  readonly model: Model;
  readonly aliases: readonly string[];
  readonly mayDelete: boolean;
}

function OneModel({ model, aliases, mayDelete }: Props) {
  const { t, i18n } = useTranslation();
  const { image, defaults, ranges, turbo, license, vocabulary, base, uploadedAt } = model;
  const trained = vocabulary.pairs.filter(({ coverage }) => coverage === 'TRAINED').length;
  return (
    <Stack component="section" gap="sm">
      <Group>
        <h2>{model.id}</h2>
        {model.visibility === 'PRIVATE' && (
          <Badge variant="light" color="grape" tt="none">
            {t('models.own')}
          </Badge>
        )}
        {aliases.map((alias) => (
          <Badge key={alias} variant="light" color="green" tt="none">
            {alias}
          </Badge>
        ))}
        {model.isDefault && <Badge variant="light" tt="none">{t('models.default')}</Badge>}
      </Group>
      {base !== null && uploadedAt !== null && (
        <Text size="sm">{t('models.base', { base, date: new Date(uploadedAt).toLocaleString(i18n.language) })}</Text>
      )}
      {model.description !== null && <Text size="sm">{model.description}</Text>}
      <Text size="sm">
        {t('models.figures', {
          width: image.width,
          height: image.height,
          sampler: defaults.sampler,
          steps: defaults.steps,
          min: ranges.strength.min,
          max: ranges.strength.max,
        })}{' '}
        {t(model.drawsOnPhotographs ? 'models.photographs' : 'models.noPhotographs')}{' '}
        {turbo === null ? t('models.noTurbo') : t('models.turbo', { steps: turbo.steps.join(', ') })}
      </Text>
      <Text size="sm">
        <b>{t('models.license')}</b> {license.id}: {license.terms}
      </Text>
      <Text size="sm">
        {trained === vocabulary.pairs.length
          ? t('models.allPairs', { count: trained })
          : t('models.pairs', { trained, count: vocabulary.pairs.length })}
      </Text>
      <ScrollingTable label={t('models.coverage', { model: model.id })} heads={['', ...vocabulary.defects]}>
        <Table.Tbody>
          {vocabulary.products.map((product) => (
            <Table.Tr key={product}>
              <Table.Th scope="row">{product}</Table.Th>
              {vocabulary.defects.map((defect) => (
                <Table.Td key={defect}>
                  <Known pairs={vocabulary.pairs} product={product} defect={defect} />
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </ScrollingTable>
      <details>
        <summary>{t('models.sources')}</summary>
        <ul>
          {license.sources.map(({ product, license: terms, source }) => (
            <li key={`${product} ${source}`}>
              {product}: {source} ({terms})
            </li>
          ))}
        </ul>
      </details>
      {model.visibility === 'PRIVATE' && mayDelete && <DeleteModel id={model.id} />}
    </Stack>
  );
}

interface KnownProps {
  readonly pairs: Model['vocabulary']['pairs'];
  readonly product: string;
  readonly defect: string;
}

function Known({ pairs, product, defect }: KnownProps) {
  const { t } = useTranslation();
  const found = pairs.find((pair) => pair.product === product && pair.defect === defect);
  if (found === undefined) return null;
  const trained = found.coverage === 'TRAINED';
  return (
    <span role="img" aria-label={t(`coverage.${found.coverage}.name`)} title={t(`coverage.${found.coverage}.name`)}>
      {trained ? '●' : '○'}
    </span>
  );
}
