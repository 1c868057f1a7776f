export const region = {
  label: 'Region',
  found: 'Finden lassen',
  drawn: 'Region zeichnen',
  tool: 'Werkzeug',
  tools: { box: 'Rechteck', polygon: 'Polygon', brush: 'Pinsel' },
  brush: 'Breite des Pinsels',
  canvas: 'Region auf dem Foto',
  canvasRole: 'Zeichenfläche',
  help: {
    box: 'Von Ecke zu Ecke ziehen. Tastatur: Pfeile bewegen, Enter setzt eine Ecke, Escape verwirft sie.',
    polygon: 'Ecken anklicken, zum Schließen nochmals die erste. Tastatur: Pfeile, Enter, Leertaste schließt.',
    brush: 'Über die Region malen. Tastatur: Pfeile bewegen, Enter setzt einen Punkt, Leertaste beendet den Strich.',
  },
  painted: 'Eine gemalte Region ist gesetzt.',
  undo: 'Rückgängig',
  clear: 'Leeren',
  close: 'Polygon schließen',
} as const;
