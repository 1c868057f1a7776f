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
  conflict_one: 'Somebody else reviewed a sample before you. Their review is shown; yours was not stored.',
  conflict_other:
    'Somebody else reviewed {{count}} samples before you. Their reviews are shown; yours were not stored.',
  showConflict: 'Show it',
  delete: 'Delete …',
  deleteQuestion: 'Delete this sample and its images? Nothing brings them back.',
  deleteConfirm: 'Delete for good',
  keep: 'Keep',
} as const;
