/** A tenant's webhooks. A secret is shown once, when it is created. */
import { count, eq, inArray } from '../storage/drizzle.js';
import type { WebhookConfig } from '../config.js';
import { ServiceError, badInput, quote } from '../errors.js';
import { takeLock } from '../storage/advisoryLocks.js';
import { isId, newId } from '../storage/identifiers.js';
import type { Optional } from '../range.js';
import { outOfRange, requireInRange } from '../range.js';
import { boundedCount, keyset } from '../storage/keyset.js';
import type { ListOrders, Page, PageRequest } from '../storage/pagination.js';
import { page } from '../storage/pagination.js';
import type { WebhookEventName } from '../storage/jsonColumns.js';
import { WEBHOOK_EVENTS } from '../storage/jsonColumns.js';
import type { WebhookRow } from '../storage/tables.js';
import { webhooks } from '../storage/tables.js';
import type { TenantScope } from '../storage/tenantScope.js';
import { optionalText } from '../validateText.js';
import type { ResolveHost } from './destination.js';
import { DestinationRefusedError, resolveDestination, parseDestination, resolveHostByDns } from './destination.js';
import type { SecretBox } from './secretBox.js';
import { newSecret } from './secretBox.js';

/** Ids rise with time. */
export const WEBHOOK_ORDERS: ListOrders<WebhookRow, 'CREATED_AT'> = {
  default: { field: 'CREATED_AT', direction: 'DESC' },
  fields: { CREATED_AT: [{ column: webhooks.id, kind: 'id', of: ({ id }) => id }] },
};

export interface WebhookInput {
  readonly url: string;
  readonly events: readonly WebhookEventName[];
  readonly description?: Optional<string>;
}

export interface WebhookChanges {
  readonly url?: Optional<string>;
  readonly events?: Optional<readonly WebhookEventName[]>;
  /** Null removes it. */
  readonly description?: Optional<string>;
  readonly enabled?: Optional<boolean>;
}

export interface WebhookAndSecret {
  readonly webhook: WebhookRow;
  readonly secret: string;
}

export interface Webhooks {
  byId(id: string): Promise<WebhookRow | undefined>;
  /** @throws ServiceError NOT_FOUND, also for another tenant's webhook. */
  require(id: string): Promise<WebhookRow>;
  page(request: PageRequest): Promise<Page<WebhookRow>>;
  count(): Promise<number | null>;
  create(input: WebhookInput): Promise<WebhookAndSecret>;
  update(id: string, changes: WebhookChanges): Promise<WebhookRow>;
  /** The previous secret keeps signing, beside the new one, for this long. */
  rotate(id: string, keepPreviousSeconds: number): Promise<WebhookAndSecret>;
  /** Deletes the webhook and its deliveries. Disabling it keeps them. */
  delete(id: string): Promise<WebhookRow>;
}

const MAX_OVERLAP_SECONDS = 7 * 86_400;

export interface WebhookContext {
  readonly config: WebhookConfig;
  readonly box: SecretBox;
  readonly resolve?: ResolveHost;
}

export function webhooksOf(scope: TenantScope, { config, box, resolve = resolveHostByDns }: WebhookContext): Webhooks {
  const { database, rows } = scope;

  const byId = async (id: string): Promise<WebhookRow | undefined> =>
    isId(id)
      ? (
          await database
            .select()
            .from(webhooks)
            .where(rows(webhooks, eq(webhooks.id, id)))
        ).at(0)
      : undefined;

  const require = async (id: string): Promise<WebhookRow> => found(await byId(id), id);

  async function change(id: string, set: Partial<WebhookRow>): Promise<WebhookRow> {
    const updated = await database
      .update(webhooks)
      .set({ ...set, id })
      .where(rows(webhooks, inArray(webhooks.id, isId(id) ? [id] : [])))
      .returning();
    return found(updated.at(0), id);
  }

  async function validateUrl(text: string): Promise<string> {
    try {
      const url = parseDestination(text, config);
      await resolveDestination(url, config, resolve);
      return url.href;
    } catch (error) {
      if (error instanceof DestinationRefusedError) throw badInput('input.url', error.message);
      throw error;
    }
  }

  return {
    byId,
    require,
    async page(request) {
      const { within, orderBy } = keyset(WEBHOOK_ORDERS, request);
      const some = await database
        .select()
        .from(webhooks)
        .where(rows(webhooks, within))
        .orderBy(...orderBy)
        .limit(request.size + 1);
      return page(some, request);
    },
    count: () => boundedCount(database, webhooks, rows(webhooks)),
    async create(input) {
      const events = distinct(input.events);
      const description = optionalText(input.description, 'input.description') ?? null;
      const url = await validateUrl(input.url);
      const [id, secret] = [newId(), newSecret()];
      const made = { createdAt: new Date(), createdBy: scope.createdBy };
      const row = { id, url, events, description, enabled: true, secret: box.seal(id, secret), ...made };
      const webhook = await scope.transaction(async (tx) => {
        // One creation at a time, so that the bound holds exactly.
        await takeLock(tx.database, 'webhookCreation');
        await requireCapacity(tx, config.perTenant);
        return found((await tx.database.insert(webhooks).values(tx.own(row)).returning()).at(0), id);
      });
      return { webhook, secret };
    },
    async update(id, { url, events, description, enabled }) {
      await require(id);
      return change(id, {
        ...(url == null ? {} : { url: await validateUrl(url), heldUntil: null }),
        ...(events == null ? {} : { events: distinct(events) }),
        ...(description === undefined ? {} : { description: optionalText(description, 'input.description') ?? null }),
        ...(enabled == null ? {} : { enabled, disabledReason: null, heldUntil: null }),
      });
    },
    async rotate(id, keepPreviousSeconds) {
      requireInRange(keepPreviousSeconds, { min: 0, max: MAX_OVERLAP_SECONDS }, 'keepPreviousSeconds');
      const { secret: previousSecret } = await require(id);
      const secret = newSecret();
      const previousUntil = new Date(Date.now() + keepPreviousSeconds * 1000);
      return { webhook: await change(id, { secret: box.seal(id, secret), previousSecret, previousUntil }), secret };
    },
    async delete(id) {
      const deleted = await database
        .delete(webhooks)
        .where(rows(webhooks, inArray(webhooks.id, isId(id) ? [id] : [])))
        .returning();
      return found(deleted.at(0), id);
    },
  };
}

function found(row: WebhookRow | undefined, id: string): WebhookRow {
  if (row !== undefined) return row;
  throw new ServiceError('NOT_FOUND', `id: there is no webhook ${quote(id)}`, { field: 'id' });
}

function distinct(events: readonly WebhookEventName[]): readonly WebhookEventName[] {
  if (events.length === 0)
    throw outOfRange('input.events', 'must name at least one event', { min: 1, max: WEBHOOK_EVENTS.length, value: 0 });
  return [...new Set(events)];
}

async function requireCapacity({ database, rows }: TenantScope, most: number): Promise<void> {
  const [row] = await database.select({ n: count() }).from(webhooks).where(rows(webhooks));
  if ((row?.n ?? 0) < most) return;
  throw new ServiceError(
    'TOO_MANY_WEBHOOKS',
    `There are ${String(row?.n)} webhooks, which is the limit of ${String(most)}; delete one, or subscribe an existing one to more events`,
    { limit: most },
  );
}
