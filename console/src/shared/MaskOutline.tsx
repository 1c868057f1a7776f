import { useEffect, useRef } from 'react';
import { useFreshUrl } from './useFreshUrl.ts';

const WHITE = 128;
const COLOR = [255, 120, 0, 255] as const;

interface Props {
  /** The id of the sample. */
  readonly owner: string;
  readonly url: string;
}

/** The pixels of the mask that touch a pixel outside it. */
export function MaskOutline({ owner, url }: Props) {
  const { current, onLoad, onError } = useFreshUrl(owner, url);
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const image = new Image();
    image.crossOrigin = 'anonymous';
    image.onload = () => {
      onLoad();
      if (canvas.current !== null) paintOutline(canvas.current, image);
    };
    image.onerror = onError;
    image.src = current;
    return () => {
      image.onload = image.onerror = null;
    };
  }, [current, onLoad, onError]);
  return <canvas ref={canvas} aria-hidden />;
}

function paintOutline(canvas: HTMLCanvasElement, image: HTMLImageElement): void {
  const { naturalWidth: width, naturalHeight: height } = image;
  Object.assign(canvas, { width, height });
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (context === null) return;
  context.drawImage(image, 0, 0);
  const mask = context.getImageData(0, 0, width, height).data;
  const inside = (x: number, y: number) =>
    x >= 0 && y >= 0 && x < width && y < height && (mask[4 * (y * width + x)] ?? 0) >= WHITE;
  const outline = context.createImageData(width, height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const surrounded = inside(x - 1, y) && inside(x + 1, y) && inside(x, y - 1) && inside(x, y + 1);
      if (inside(x, y) && !surrounded) outline.data.set(COLOR, 4 * (y * width + x));
    }
  }
  context.putImageData(outline, 0, 0);
}
