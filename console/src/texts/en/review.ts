export const review = {
  states: { UNREVIEWED: 'Not reviewed', ACCEPTED: 'Accepted', REJECTED: 'Rejected' },
  state: 'Review',
  kept: 'All but rejected',
  accept: 'Accept',
  reject: 'Reject',
  undo: 'Undo',
  tag: 'Add a tag',
  removeTag: 'Remove the tag {{tag}}',
  comment: 'Comment',
  conflict: 'Somebody else reviewed this sample meanwhile. Their review is shown; yours was not stored.',
} as const;
