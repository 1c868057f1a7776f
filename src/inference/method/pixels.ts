/** From the decoder's floats to bytes, and the overlay that shows the mask. Bytes are row-major, RGB interleaved. */

/** The opacity of the tint inside the mask. The outline is opaque. */
const TINT_OPACITY = 0.35;
const TINT = [255, 40, 40] as const;

/** A decoded image [3,H,W] in about −1 … 1 → [H,W,3] bytes: (x/2 + ½), clamped. The brightness is the model's: no min–max stretch. */
export function toRgbBytes(decoded: Float32Array): Uint8Array<ArrayBuffer> {
  const pixels = decoded.length / 3;
  const bytes = new Uint8Array(decoded.length);
  for (let channel = 0; channel < 3; channel++) {
    const start = channel * pixels;
    for (let i = 0; i < pixels; i++)
      bytes[3 * i + channel] = Math.round(Math.min(1, Math.max(0, (decoded[start + i] ?? 0) / 2 + 0.5)) * 255);
  }
  return bytes;
}

/** A mask of 0 and 1 → grayscale bytes of 0 and 255. There may be 40 million pixels. */
export function toMaskBytes(mask: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(mask.length);
  for (let i = 0; i < mask.length; i++) if (mask[i] !== 0) bytes[i] = 255;
  return bytes;
}

/** The image with the mask tinted and outlined. Outside the mask, the bytes are the image's. */
export function renderOverlay(rgb: Uint8Array, mask: Uint8Array, width: number): Uint8Array<ArrayBuffer> {
  const overlay = new Uint8Array(rgb);
  for (let pixel = 0; pixel < mask.length; pixel++) {
    if (mask[pixel] === 0) continue;
    const opacity = isEdge(mask, pixel, width) ? 1 : TINT_OPACITY;
    for (const [channel, tint] of TINT.entries()) {
      const at = pixel * 3 + channel;
      overlay[at] = Math.round((1 - opacity) * (rgb[at] ?? 0) + opacity * tint);
    }
  }
  return overlay;
}

/** Whether one of the pixel's four neighbors in the image is outside the mask. */
function isEdge(mask: Uint8Array, pixel: number, width: number): boolean {
  const x = pixel % width;
  return (
    (x > 0 && mask[pixel - 1] === 0) ||
    (x < width - 1 && mask[pixel + 1] === 0) ||
    mask[pixel - width] === 0 ||
    mask[pixel + width] === 0
  );
}
