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
  conflict_one: 'Jemand hat ein Bild vor Ihnen geprüft. Dessen Urteil wird gezeigt; Ihres wurde nicht gespeichert.',
  conflict_other:
    'Jemand hat {{count}} Bilder vor Ihnen geprüft. Diese Urteile werden gezeigt; Ihre wurden nicht gespeichert.',
  showConflict: 'Zeigen',
  delete: 'Löschen …',
  deleteQuestion: 'Dieses Bild mit seinen Dateien löschen? Es lässt sich nicht wiederherstellen.',
  deleteConfirm: 'Endgültig löschen',
  keep: 'Behalten',
} as const;
