/** The three prompts of a row: one for each part of the denoiser, with the wording of the manifest. */
import type { Condition } from './guidance.js';

export interface PromptTemplates {
  /** e.g. "a photo of {product}" */
  readonly background: string;
  /** e.g. "a photo of {defect}" */
  readonly defect: string;
  /** e.g. "a photo of {defect} {product}" */
  readonly fusion: string;
  /** The defect word of the normal state, e.g. "good". */
  readonly normal: string;
  /** The product word that stands for no product (∅), e.g. "industry". */
  readonly nullProduct: string;
}

export interface RowPrompts {
  /** c_p */
  readonly background: string;
  /** c_d */
  readonly defect: string;
  /** c_f, made of the same two words: at (g,∅) it is "a photo of good industry". */
  readonly fusion: string;
}

export function fillPrompts(templates: PromptTemplates, condition: Condition): RowPrompts {
  const product = condition.product ?? templates.nullProduct;
  const fill = (template: string): string =>
    // A function as the replacement, because "$&" in a string would be a pattern.
    template.replaceAll('{product}', () => product).replaceAll('{defect}', () => condition.defect);
  return { background: fill(templates.background), defect: fill(templates.defect), fusion: fill(templates.fusion) };
}
