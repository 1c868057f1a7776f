/** Where webhooks may point, how often a delivery is retried, and how long deliveries are kept. */
import ipaddr from 'ipaddr.js';
import type { Environment } from './environment.js';
import { flag, integer, list } from './environment.js';

export interface WebhookConfig {
  /** If false, only https is allowed. */
  readonly allowHttp: boolean;
  /** CIDRs that are allowed although they are not on the public internet. */
  readonly allowNetworks: readonly string[];
  /** The delay after each failed attempt. After the last one, a delivery has failed. */
  readonly retrySeconds: readonly number[];
  readonly timeoutSeconds: number;
  /** How long deliveries are kept. */
  readonly retentionDays: number;
  readonly perTenant: number;
}

/** The schedule of the Standard Webhooks specification: three days. */
const RETRY_SECONDS = '5,300,1800,7200,18000,36000,50400,72000,86400';

export function readWebhookConfig(env: Environment): WebhookConfig {
  return {
    allowHttp: flag(env, 'WEBHOOK_ALLOW_HTTP'),
    allowNetworks: list(env, 'WEBHOOK_ALLOW_NETWORKS', '', isNetwork, 'a network such as 10.0.0.0/8'),
    retrySeconds: list(env, 'WEBHOOK_RETRY_SECONDS', RETRY_SECONDS, isDuration, 'a number of seconds').map(Number),
    timeoutSeconds: integer(env, 'WEBHOOK_TIMEOUT_SECONDS', 10, 1, 30),
    retentionDays: integer(env, 'WEBHOOK_RETENTION_DAYS', 30, 1, 3650),
    perTenant: integer(env, 'MAX_WEBHOOKS', 10, 0, 1000),
  };
}

const isNetwork = (item: string): boolean => ipaddr.isValidCIDR(item);
const isDuration = (item: string): boolean => /^\d+(\.\d+)?$/.test(item) && Number(item) <= 7 * 86_400;
