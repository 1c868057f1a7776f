import { Alert, Badge, Button, Group, Kbd, Stack, Text } from '@mantine/core';
import type { RefObject } from 'react';
import { useTranslation } from 'react-i18next';
import type { ReviewState, SamplePartsFragment } from '../generated/graphql.ts';
import { Problem } from '../shared/Problem.tsx';
import { CommentField, TagField } from './ReviewFields.tsx';
import type { Reviewing } from './useReview.ts';

interface Props {
  readonly sample: SamplePartsFragment;
  readonly reviewing: Reviewing;
  readonly onDecide: (state: ReviewState) => void;
  readonly onUndo: () => void;
  /** Goes to the sample with this id. */
  readonly onShow: (id: string) => void;
  readonly tagField: RefObject<HTMLInputElement | null>;
  readonly commentField: RefObject<HTMLTextAreaElement | null>;
}

const COLORS = { UNREVIEWED: 'gray', ACCEPTED: 'green', REJECTED: 'red' } as const;

export function ReviewPanel({ sample, reviewing, onDecide, onUndo, onShow, tagField, commentField }: Props) {
  const { t } = useTranslation();
  const { state, tags, reviewedBy } = sample.review;
  const { conflicts, forgetConflicts, error, mayUndo } = reviewing;
  const [conflict] = conflicts;
  return (
    <Stack gap="xs" mt="sm">
      <Group gap="xs">
        <Badge variant="light" color={COLORS[state]} tt="none">
          {t(`review.states.${state}`)}
        </Badge>
        {reviewedBy !== null && (
          <Text size="xs" c="dimmed">
            {reviewedBy}
          </Text>
        )}
      </Group>
      {conflict !== undefined && (
        <Alert
          color="orange"
          role="alert"
          withCloseButton
          closeButtonLabel={t('shared.close')}
          onClose={forgetConflicts}
        >
          {t('review.conflict', { count: conflicts.length })}
          {conflict !== sample.id && (
            <Button size="compact-xs" variant="default" mt="xs" onClick={() => onShow(conflict)}>
              {t('review.showConflict')}
            </Button>
          )}
        </Alert>
      )}
      <Problem error={error} />
      <Group gap="xs">
        <Button
          size="compact-md"
          variant="light"
          color="green"
          onClick={() => onDecide('ACCEPTED')}
          rightSection={<Kbd>A</Kbd>}
        >
          {t('review.accept')}
        </Button>
        <Button
          size="compact-md"
          variant="light"
          color="red"
          onClick={() => onDecide('REJECTED')}
          rightSection={<Kbd>R</Kbd>}
        >
          {t('review.reject')}
        </Button>
        <Button size="compact-md" variant="default" disabled={!mayUndo} onClick={onUndo}>
          {t('review.undo')}
        </Button>
      </Group>
      <Group gap={4}>
        {tags.map((tag) => (
          <Button
            key={tag}
            size="compact-xs"
            variant="light"
            aria-label={t('review.removeTag', { tag })}
            onClick={() =>
              void reviewing.review(sample, (review) => ({ tags: review.tags.filter((one) => one !== tag) }))
            }
          >
            {tag} ×
          </Button>
        ))}
      </Group>
      <TagField sample={sample} reviewing={reviewing} field={tagField} />
      <CommentField sample={sample} reviewing={reviewing} field={commentField} />
    </Stack>
  );
}
