import { Badge, Button, Group, Progress, Table, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { useSession } from '../app/session.ts';
import type { GenerationStatus } from '../generated/graphql.ts';
import type { Row } from './repeat.ts';
import { withChanges } from './repeat.ts';

interface Props {
  readonly row: Row;
  /** Seconds, if it is known. */
  readonly left: number | undefined;
  /** Generations that come first, if it is queued. */
  readonly ahead: number | undefined;
  readonly mayDraw: boolean;
  readonly onCancel: (row: Row) => void;
  readonly onRepeat: (row: Row) => void;
}

/** Seconds that are better said as minutes. */
const LONG = 90;

const COLORS: Record<GenerationStatus, string> = {
  QUEUED: 'gray',
  RUNNING: 'blue',
  SUCCEEDED: 'green',
  FAILED: 'red',
  CANCELED: 'orange',
};

export function GenerationRow({ row, left, ahead, mayDraw, onCancel, onRepeat }: Props) {
  const { t, i18n } = useTranslation();
  const { status, progress, product, defect, request, createdAt, createdBy, error } = row;
  const unfinished = status === 'QUEUED' || status === 'RUNNING';
  const what = `${defect.name} · ${product.name}`;
  const { session } = useSession();
  const min = request.strength.min.toLocaleString(i18n.language);
  const max = request.strength.max.toLocaleString(i18n.language);
  return (
    <Table.Tr>
      <Table.Td>
        <Link href={`/gallery?generation=${encodeURIComponent(row.id)}`}>{what}</Link>
        <Text size="xs" c="dimmed">
          {t('queue.what', { count: request.count, strength: min === max ? min : `${min} … ${max}` })}
        </Text>
      </Table.Td>
      <Table.Td>
        <Badge variant="light" color={COLORS[status]} tt="none">
          {t(`status.${status}`)}
        </Badge>
        {ahead !== undefined && <Text size="xs">{t('queue.ahead', { count: ahead })}</Text>}
        {left !== undefined && (
          <Text size="xs">
            {left < LONG ? t('queue.secondsLeft', { left }) : t('queue.minutesLeft', { left: Math.round(left / 60) })}
          </Text>
        )}
        {error !== null && <Text size="xs">{error.message}</Text>}
      </Table.Td>
      <Table.Td>
        <Text size="xs">
          {progress.samplesDone} / {progress.samplesTotal}
        </Text>
        <Progress aria-label={t('queue.progress', { what })} value={100 * progress.fraction} size="sm" />
      </Table.Td>
      <Table.Td>
        <Text size="xs">{new Date(createdAt).toLocaleString(i18n.language)}</Text>
        <Text size="xs" c="dimmed">
          {createdBy === session.subject ? t('queue.you') : createdBy}
        </Text>
      </Table.Td>
      <Table.Td>
        {mayDraw && (
          <Group gap={4}>
            {unfinished && (
              <Button size="compact-xs" variant="default" onClick={() => onCancel(row)}>
                {t('draw.cancel')}
              </Button>
            )}
            <Button size="compact-xs" variant="default" onClick={() => onRepeat(row)}>
              {t('queue.repeat')}
            </Button>
            <Button size="compact-xs" variant="default" component={Link} href={withChanges(row)}>
              {t('queue.change')}
            </Button>
          </Group>
        )}
      </Table.Td>
    </Table.Tr>
  );
}
