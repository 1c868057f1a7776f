/** The text encoder: phrases → token IDs → pooled embeddings. Each phrase is computed once. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Tokenizer } from '@huggingface/tokenizers';
import type { InferenceSession } from 'onnxruntime-node';
import * as ort from 'onnxruntime-node';

import type { Bundle, Manifest } from '../../bundle/manifest.js';
import { BundleError } from '../../errors.js';
import { fillPrompts } from '../../method/prompts.js';

/** A phrase's embedding, [D] and L2-normalised. */
export type EmbedText = (phrase: string) => Promise<Float32Array>;

/** The fields of tokenizer.json that this file reads. */
interface TokenizerFile {
  readonly model?: { readonly type?: string; readonly unk_token?: string };
}

/** @throws BundleError if the tokenizer cannot be read, or cannot encode the manifest's vocabulary. */
export async function openTextEncoder(bundle: Bundle, session: InferenceSession): Promise<EmbedText> {
  const { file, contextLength, padTokenId } = bundle.manifest.tokenizer;
  const tokenizer = await openTokenizer(join(bundle.directory, file), bundle.manifest);

  const encode = async (phrase: string): Promise<Float32Array> => {
    const { ids } = tokenizer.encode(phrase);
    const padded = BigInt64Array.from({ length: contextLength }, (_, i) => BigInt(ids[i] ?? padTokenId));
    // One phrase at a time, because in a batch the last bits of an embedding would depend on the other phrases.
    const outputs = await session.run({ input_ids: new ort.Tensor('int64', padded, [1, contextLength]) });
    return outputs['text_embedding']?.data as Float32Array;
  };

  // Requests use only the manifest's vocabulary, so the number of phrases is bounded, and none is dropped.
  const known = new Map<string, Promise<Float32Array>>();
  return (phrase) => {
    const found = known.get(phrase);
    if (found !== undefined) return found;
    const embedding = encode(phrase);
    known.set(phrase, embedding);
    // The next request tries again.
    embedding.catch(() => known.delete(phrase));
    return embedding;
  };
}

async function openTokenizer(path: string, manifest: Manifest): Promise<Tokenizer> {
  const refuse = (error: unknown): never => {
    throw new BundleError(path, [`is not a tokenizer: ${(error as Error).message}`], { cause: error });
  };
  const content = await readFile(path, 'utf8').then((text) => JSON.parse(text) as TokenizerFile, refuse);
  const open = (): Tokenizer => {
    try {
      return new Tokenizer(content, {});
    } catch (error) {
      return refuse(error);
    }
  };
  const tokenizer = open();
  const problems = [...unknownWords(tokenizer, content, manifest), ...overlongPrompts(tokenizer, manifest)];
  if (problems.length > 0) throw new BundleError(path, problems);
  return tokenizer;
}

/**
 * A word-level tokenizer encodes all unknown words as the same token, and the model would draw anything. (The JavaScript tokenizer gives
 * an unknown word no ID.)
 */
function unknownWords(tokenizer: Tokenizer, { model }: TokenizerFile, { vocabulary, prompts }: Manifest): string[] {
  if (model?.type !== 'WordLevel') return [];
  const unknown = model.unk_token === undefined ? undefined : tokenizer.token_to_id(model.unk_token);
  return [...vocabulary.products, ...vocabulary.defects, prompts.normal, prompts.nullProduct]
    .filter((name) =>
      (tokenizer.encode(name).ids as (number | undefined)[]).some((id) => id === undefined || id === unknown),
    )
    .map((name) => `does not know "${name}", which the manifest's vocabulary or prompts name; export the bundle again`);
}

function overlongPrompts(
  tokenizer: Tokenizer,
  { vocabulary, prompts, tokenizer: { contextLength } }: Manifest,
): string[] {
  const longest = vocabulary.products
    .flatMap((product) =>
      [prompts.normal, ...vocabulary.defects].map((defect) => fillPrompts(prompts, { defect, product }).fusion),
    )
    .map((phrase) => ({ phrase, tokens: tokenizer.encode(phrase).ids.length }))
    .reduce((most, next) => (next.tokens > most.tokens ? next : most));
  if (longest.tokens <= contextLength) return [];
  return [
    `makes ${String(longest.tokens)} tokens of "${longest.phrase}", the text encoder takes ${String(contextLength)} (/tokenizer/contextLength)`,
  ];
}
