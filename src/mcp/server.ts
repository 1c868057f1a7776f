/**
 * The tools of the Model Context Protocol: what a person who needs samples does, in the words of the API. Each tool is
 * a few operations of the GraphQL API.
 */
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import type { CallToolResult, ToolAnnotations } from '@modelcontextprotocol/sdk/types.js';
import sharp from 'sharp';
import { z } from 'zod';
import type { Api } from './api.js';
import { ApiError } from './api.js';
import type { Export, Generation } from './operations.js';
import { DEFECTS, EXPORT, EXPORT_STATE, GENERATE, GENERATION, MODELS, PRODUCTS, listed } from './operations.js';
import type { Extra } from './waiting.js';
import { whenEnded } from './waiting.js';

const INSTRUCTIONS =
  'Draws images of defective products with pixel masks, for training inspection models. Find a product and a defect, ' +
  'generate, wait, look at some samples, and export the data set. Codes matter exactly, also their case.';
/** Clients give up on a call after 60 s by default. */
const WAIT = { min: 1, max: 50, default: 30 } as const;
const LISTED = { max: 50, default: 20 } as const;
const SAMPLES = 20;
/** Large enough to judge a defect, and small enough for a model's context. XMP says that the picture is synthetic. */
const PICTURE = { width: 768, height: 768, fit: 'inside', withoutEnlargement: true } as const;

const READS: ToolAnnotations = { readOnlyHint: true, openWorldHint: false };
const WRITES: ToolAnnotations = { readOnlyHint: false, destructiveHint: false, openWorldHint: false };

const seconds = z
  .number()
  .int()
  .min(WAIT.min)
  .max(WAIT.max)
  .default(WAIT.default)
  .describe('How long to wait at most.');
const search = z.string().optional().describe('A part of the code or name. Case does not matter.');
const first = z.number().int().min(1).max(LISTED.max).default(LISTED.default);

/** @param inTurn runs what reads and shrinks a picture, where callers share a process */
export function createMcpServer(
  api: Api,
  version: string,
  inTurn: <T>(work: () => Promise<T>) => Promise<T> = (work) => work(),
): McpServer {
  const server = new McpServer({ name: 'defectdiffu', version }, { instructions: INSTRUCTIONS });

  const list = (name: string, title: string, query: string, kind: 'products' | 'defects'): void => {
    const description = `${title}: their codes, names, and the word that the model reads.`;
    server.registerTool(
      name,
      { title, description, inputSchema: z.strictObject({ search, first }), annotations: READS },
      (input, extra) =>
        attempt(async () => {
          const data = await api.ask<Record<typeof kind, Parameters<typeof listed>[0]>>(query, input, extra.signal);
          return asText(listed(data[kind]));
        }),
    );
  };
  list('find_products', 'Find products', PRODUCTS, 'products');
  list('find_defects', 'Find defects', DEFECTS, 'defects');

  server.registerTool(
    'describe_service',
    {
      title: 'Describe the service',
      description: 'The models with the words that they know, the limits, and who is calling.',
      annotations: READS,
    },
    (extra: Extra) => attempt(async () => asText(await api.ask<object>(MODELS, {}, extra.signal))),
  );

  server.registerTool(
    'generate_defects',
    {
      title: 'Generate defects',
      description: 'Requests samples of a defect on a product. Returns the id to wait for. It goes on without you.',
      inputSchema: z.strictObject({
        partNumber: z.string(),
        defectCode: z.string(),
        count: z.number().int().min(1).default(1),
        strength: z.number().optional().describe('How pronounced the defect is; see describe_service for the range.'),
        seed: z.number().int().min(0).optional().describe('The same seed gives the same images.'),
        idempotencyKey: z.string().optional().describe('The same key never draws twice.'),
      }),
      annotations: WRITES,
    },
    ({ strength, ...input }, extra) =>
      attempt(async () => {
        const item = { ...input, ...(strength !== undefined && { strength: { value: strength } }) };
        const { generateDefects } = await api.ask<{ generateDefects: object[] }>(
          GENERATE,
          { input: [item] },
          extra.signal,
        );
        return asText(generateDefects[0] ?? {});
      }),
  );

  const generation = async (id: string, signal: AbortSignal): Promise<Generation> => {
    const found = await api.ask<{ generation: Generation | null }>(GENERATION, { id, first: SAMPLES }, signal);
    if (found.generation === null) throw new ApiError(`NOT_FOUND: there is no generation "${id}"`);
    return found.generation;
  };

  server.registerTool(
    'wait_for_generation',
    {
      title: 'Wait for a generation',
      description: `Its status and up to ${String(SAMPLES)} samples. If it is still QUEUED or RUNNING, call again.`,
      inputSchema: z.strictObject({ id: z.string(), seconds }),
      annotations: READS,
    },
    ({ id, seconds: most }, extra) =>
      attempt(async () => {
        const { samples, ...rest } = await whenEnded(() => generation(id, extra.signal), most, extra);
        const withUrls = samples.edges.map(({ node: { image, mask, overlay, ...sample } }) => ({
          ...sample,
          image: api.publicUrl(image.url),
          mask: api.publicUrl(mask.url),
          overlay: api.publicUrl(overlay.url),
        }));
        return asText({ ...rest, samples: withUrls });
      }),
  );

  server.registerTool(
    'look_at_samples',
    {
      title: 'Look at samples',
      description: 'Pictures of the samples of a generation, at most 768 pixels wide and high.',
      inputSchema: z.strictObject({
        generationId: z.string(),
        picture: z.enum(['image', 'mask', 'overlay']).default('overlay').describe('overlay: the image with its mask.'),
        from: z
          .number()
          .int()
          .min(0)
          .max(SAMPLES - 1)
          .default(0)
          .describe('The position of the first one.'),
        count: z.number().int().min(1).max(4).default(1),
      }),
      annotations: READS,
    },
    ({ generationId, picture, from, count }, extra) =>
      attempt(async () => {
        const { samples } = await generation(generationId, extra.signal);
        const chosen = samples.edges.slice(from, from + count).map(({ node }) => node);
        if (chosen.length === 0) return asText(`There is no sample at position ${String(from)} yet.`);
        const content: CallToolResult['content'] = [];
        for (const sample of chosen) {
          const png = await inTurn(async () => {
            const bytes = await api.bytes(sample[picture].url, extra.signal);
            return sharp(bytes).resize(PICTURE).keepXmp().png().toBuffer();
          });
          content.push({ type: 'text', text: `${picture} of sample ${String(sample.index)}, ${sample.id}` });
          content.push({ type: 'image', data: png.toString('base64'), mimeType: 'image/png' });
        }
        return { content };
      }),
  );

  server.registerTool(
    'export_dataset',
    {
      title: 'Export a data set',
      description: 'Packs samples into one archive. Returns the id to wait for.',
      inputSchema: z.strictObject({
        format: z.enum(['MVTEC_AD', 'COCO', 'YOLO_SEGMENTATION']),
        partNumber: z.string().optional(),
        defectCode: z.string().optional(),
        generationId: z.string().optional(),
        review: z
          .array(z.enum(['UNREVIEWED', 'ACCEPTED', 'REJECTED']))
          .default(['UNREVIEWED', 'ACCEPTED'])
          .describe(
            'The samples with these reviews. Rejected ones, and drafts of the console, are left out by default.',
          ),
        photographs: z
          .strictObject({ own: z.boolean().optional(), ofOtherProducts: z.boolean().optional() })
          .optional()
          .describe('Also the uploaded photographs of these defects, and of other products.'),
        idempotencyKey: z.string().optional().describe('The same key never exports twice.'),
      }),
      annotations: WRITES,
    },
    ({ format, photographs, idempotencyKey, ...filter }, extra) =>
      attempt(async () => {
        const input = { format, photographs, idempotencyKey, filter };
        const { exportDataset } = await api.ask<{ exportDataset: object }>(EXPORT, { input }, extra.signal);
        return asText(exportDataset);
      }),
  );

  server.registerTool(
    'wait_for_export',
    {
      title: 'Wait for an export',
      description: 'Its status, and when it has succeeded the URL of the archive, which needs no key.',
      inputSchema: z.strictObject({ id: z.string(), seconds }),
      annotations: READS,
    },
    ({ id, seconds: most }, extra) =>
      attempt(async () => {
        const state = async (): Promise<Export> => {
          const found = await api.ask<{ export: Export | null }>(EXPORT_STATE, { id }, extra.signal);
          if (found.export === null) throw new ApiError(`NOT_FOUND: there is no export "${id}"`);
          return found.export;
        };
        const { archive, ...rest } = await whenEnded(state, most, extra);
        return asText({ ...rest, archive: archive && { ...archive, url: api.publicUrl(archive.url) } });
      }),
  );
  return server;
}

function asText(value: unknown): CallToolResult {
  return { content: [{ type: 'text', text: typeof value === 'string' ? value : JSON.stringify(value, null, 1) }] };
}

/** What the API refuses is an answer to the model, not a fault of the protocol. */
async function attempt(work: () => Promise<CallToolResult>): Promise<CallToolResult> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ApiError) return { ...asText(error.message), isError: true };
    throw error;
  }
}
