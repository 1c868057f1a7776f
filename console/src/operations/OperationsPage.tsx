import { Badge, Progress, Table, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useQuery } from 'urql';
import { useSession } from '../app/session.ts';
import type { OperationsQuery } from '../generated/graphql.ts';
import { OperationsDocument } from '../generated/graphql.ts';
import { Page } from '../shared/Page.tsx';
import { Problem } from '../shared/Problem.tsx';
import { ScrollingTable } from '../shared/ScrollingTable.tsx';
import { Keys } from './Keys.tsx';
import styles from './Operations.module.css';
import { Webhooks } from './Webhooks.tsx';

const COLORS = { READY: 'green', STARTING: 'blue', RESTARTING: 'orange', FAILED: 'red' } as const;
const QUOTAS = ['concurrentGenerations', 'pixelStepsToday', 'trainingMinutesToday', 'storedBytes'] as const;

export default function OperationsPage() {
  const { t, i18n } = useTranslation();
  const { session } = useSession();
  const [{ data, error }] = useQuery({ query: OperationsDocument, requestPolicy: 'cache-and-network' });
  return (
    <Page
      title={t('pages.operations')}
      lead={
        data == null
          ? ''
          : t('operations.lead', {
              version: data.serverInfo.version,
              started: new Date(data.serverInfo.startedAt).toLocaleString(i18n.language),
            })
      }
    >
      <Problem error={error} />
      <h2>{t('operations.usage')}</h2>
      <div className={styles.quotas}>
        {data != null &&
          QUOTAS.map((quota) => <Quota key={quota} name={t(`operations.quotas.${quota}`)} use={data.usage[quota]} />)}
      </div>
      <h2>{t('operations.devices')}</h2>
      <ScrollingTable
        label={t('operations.devices')}
        heads={[
          t('operations.device'),
          t('queue.status'),
          t('operations.load'),
          t('operations.models'),
          t('operations.restarts'),
        ]}
      >
        <Table.Tbody>
          {data?.serverInfo.devices.map((device) => (
            <Table.Tr key={`${device.workerId} ${device.device}`}>
              <Table.Td>
                {device.device} ({device.provider})
              </Table.Td>
              <Table.Td>
                <Badge variant="light" color={COLORS[device.state]} tt="none">
                  {t(`operations.states.${device.state}`)}
                </Badge>
              </Table.Td>
              <Table.Td>
                {device.load != null && t('operations.ofLastMinute', { percent: Math.round(100 * device.load) })}
              </Table.Td>
              <Table.Td>
                {device.running.map(({ model, precision, rowsPerStep }) => (
                  <Text key={model} size="sm">
                    {t('operations.running', { model, precision, rows: rowsPerStep })}
                  </Text>
                ))}
              </Table.Td>
              <Table.Td>{device.restarts}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </ScrollingTable>
      {session.role === 'ADMIN' && <Keys />}
      {session.role === 'ADMIN' && <Webhooks />}
    </Page>
  );
}

interface QuotaProps {
  readonly name: string;
  readonly use: OperationsQuery['usage'][(typeof QUOTAS)[number]];
}

function Quota({ name, use: { used, limit } }: QuotaProps) {
  const { t, i18n } = useTranslation();
  const number = (value: number) => value.toLocaleString(i18n.language);
  return (
    <div>
      <Text size="sm" fw={500}>
        {name}
      </Text>
      <Text size="sm">
        {limit === null
          ? t('operations.unlimited', { used: number(used) })
          : t('operations.used', { used: number(used), limit: number(limit) })}
      </Text>
      {limit !== null && <Progress aria-label={name} value={(100 * used) / Math.max(limit, 1)} size="sm" />}
    </div>
  );
}
