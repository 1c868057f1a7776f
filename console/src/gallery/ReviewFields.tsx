import { Textarea, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { KeyboardEvent, RefObject } from 'react';
import { useTranslation } from 'react-i18next';
import type { SamplePartsFragment } from '../generated/graphql.ts';
import type { Reviewing } from './useReview.ts';
import { focusGrid } from './useReviewKeys.ts';

interface Props<Field> {
  readonly sample: SamplePartsFragment;
  readonly reviewing: Reviewing;
  readonly field: RefObject<Field | null>;
}

function leave({ key }: KeyboardEvent) {
  if (key === 'Escape') focusGrid();
}

export function TagField({ sample, reviewing, field }: Props<HTMLInputElement>) {
  const { t } = useTranslation();
  const [tag, setTag] = useState('');

  async function add() {
    const added = tag.trim();
    setTag('');
    focusGrid();
    if (added === '' || sample.review.tags.includes(added)) return;
    const withIt = ({ tags }: { readonly tags: readonly string[] }) => ({ tags: [...new Set([...tags, added])] });
    // What was not stored is not lost, unless something else is typed by now.
    if (!(await reviewing.review(sample, withIt))) setTag((now) => (now === '' ? added : now));
  }

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void add();
      }}
    >
      <TextInput
        ref={field}
        size="xs"
        label={t('review.tag')}
        value={tag}
        onChange={(event) => setTag(event.currentTarget.value)}
        onKeyDown={leave}
      />
    </form>
  );
}

/** What is typed stays until it is stored, whatever others do to the sample meanwhile. */
export function CommentField({ sample, reviewing, field }: Props<HTMLTextAreaElement>) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState<ReadonlyMap<string, string>>(new Map());
  const { id, review } = sample;
  const comment = typed.get(id);

  async function store() {
    if (comment === undefined) return;
    if (comment !== review.comment && !(await reviewing.review(sample, { comment }))) return;
    setTyped((former) => {
      if (former.get(id) !== comment) return former;
      const next = new Map(former);
      next.delete(id);
      return next;
    });
  }

  return (
    <Textarea
      ref={field}
      size="xs"
      label={t('review.comment')}
      value={comment ?? review.comment}
      onChange={(event) => {
        const { value } = event.currentTarget;
        setTyped((former) => new Map(former).set(id, value));
      }}
      onKeyDown={leave}
      onBlur={() => void store()}
    />
  );
}
