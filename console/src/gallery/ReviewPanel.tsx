import { Alert, Badge, Button, Group, Kbd, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { useRef, useState } from 'react';
import type { RefObject } from 'react';
import { useTranslation } from 'react-i18next';
import type { ReviewState, SamplePartsFragment } from '../generated/graphql.ts';
import { Problem } from '../shared/Problem.tsx';
import type { Reviewing } from './useReview.ts';

interface Props {
  readonly sample: SamplePartsFragment;
  readonly reviewing: Reviewing;
  readonly onDecide: (state: ReviewState) => void;
  readonly tagField: RefObject<HTMLInputElement | null>;
  readonly commentField: RefObject<HTMLTextAreaElement | null>;
}

const COLORS = { UNREVIEWED: 'gray', ACCEPTED: 'green', REJECTED: 'red' } as const;

export function ReviewPanel({ sample, reviewing, onDecide, tagField, commentField }: Props) {
  const { t } = useTranslation();
  const { state, tags, reviewedBy } = sample.review;
  const { conflict, error, mayUndo, undo } = reviewing;
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
      {conflict?.id === sample.id && <Alert color="orange">{t('review.conflict')}</Alert>}
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
        <Button size="compact-md" variant="default" disabled={!mayUndo} onClick={() => void undo()}>
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
            onClick={() => void reviewing.review(sample, { tags: tags.filter((one) => one !== tag) })}
          >
            {tag} ×
          </Button>
        ))}
      </Group>
      <TagField sample={sample} reviewing={reviewing} field={tagField} />
      <CommentField key={`${sample.id} ${String(sample.review.version)}`} {...{ sample, reviewing, commentField }} />
    </Stack>
  );
}

interface TagProps extends Pick<Props, 'sample' | 'reviewing'> {
  readonly field: Props['tagField'];
}

function TagField({ sample, reviewing, field }: TagProps) {
  const { t } = useTranslation();
  const [tag, setTag] = useState('');
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        const { tags } = sample.review;
        if (tag.trim() !== '' && !tags.includes(tag.trim()))
          void reviewing.review(sample, { tags: [...tags, tag.trim()] });
        setTag('');
        field.current?.blur();
      }}
    >
      <TextInput
        ref={field}
        size="xs"
        label={t('review.tag')}
        value={tag}
        onChange={(event) => setTag(event.currentTarget.value)}
      />
    </form>
  );
}

function CommentField({ sample, reviewing, commentField }: Pick<Props, 'sample' | 'reviewing' | 'commentField'>) {
  const { t } = useTranslation();
  const [comment, setComment] = useState(sample.review.comment);
  const saved = useRef(sample.review.comment);
  return (
    <Textarea
      ref={commentField}
      size="xs"
      label={t('review.comment')}
      value={comment}
      onChange={(event) => setComment(event.currentTarget.value)}
      onBlur={() => {
        if (comment === saved.current) return;
        saved.current = comment;
        void reviewing.review(sample, { comment });
      }}
    />
  );
}
