export const region = {
  label: 'Region',
  found: 'Let it be found',
  drawn: 'Draw the region',
  tool: 'Tool',
  tools: { box: 'Box', polygon: 'Polygon', brush: 'Brush' },
  brush: 'Width of the brush',
  canvas: 'Region on the photograph',
  canvasRole: 'drawing area',
  help: {
    box: 'Drag from corner to corner. Keyboard: arrows move, Enter sets a corner, Escape drops it.',
    polygon: 'Click the corners, and the first one again to close. Keyboard: arrows, Enter, Space closes.',
    brush: 'Paint over the region. Keyboard: arrows move, Enter adds a point, Space ends the stroke.',
  },
  painted: 'A painted region is set.',
  undo: 'Undo',
  clear: 'Clear',
  close: 'Close the polygon',
} as const;
