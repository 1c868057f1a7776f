import { useRef } from 'react';
import type { KeyboardEvent } from 'react';
import type { ReviewState } from '../generated/graphql.ts';

interface Options {
  readonly onDecide: (state: ReviewState) => void;
  readonly onUndo: () => void;
}

/** Of the grid, which hears the keys. */
export const GRID = 'samples';

export function focusGrid(): void {
  document.getElementById(GRID)?.focus({ preventScroll: true });
}

/** A accepts, R rejects, U undoes, T and C go to the tag and the comment of the chosen sample. */
export function useReviewKeys({ onDecide, onUndo }: Options) {
  const tagField = useRef<HTMLInputElement>(null);
  const commentField = useRef<HTMLTextAreaElement>(null);
  function onKey(event: KeyboardEvent) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const action = {
      a: () => onDecide('ACCEPTED'),
      r: () => onDecide('REJECTED'),
      u: onUndo,
      t: () => tagField.current?.focus(),
      c: () => commentField.current?.focus(),
    }[event.key.toLowerCase()];
    if (action === undefined) return;
    event.preventDefault();
    action();
  }
  return { tagField, commentField, onKey };
}
