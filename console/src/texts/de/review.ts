export const review = {
  states: { UNREVIEWED: 'Ungeprüft', ACCEPTED: 'Angenommen', REJECTED: 'Abgelehnt' },
  state: 'Prüfung',
  kept: 'Alle außer abgelehnten',
  accept: 'Annehmen',
  reject: 'Ablehnen',
  undo: 'Rückgängig',
  tag: 'Schlagwort hinzufügen',
  removeTag: 'Schlagwort {{tag}} entfernen',
  comment: 'Kommentar',
  conflict:
    'Jemand anders hat dieses Bild inzwischen geprüft. Dessen Urteil wird gezeigt; Ihres wurde nicht gespeichert.',
  delete: 'Löschen …',
  deleteQuestion: 'Dieses Bild mit seinen Dateien löschen? Es lässt sich nicht wiederherstellen.',
  deleteConfirm: 'Endgültig löschen',
  keep: 'Behalten',
} as const;
