/**
 * Environment variables that look like settings of the service but are none: misspelt, or removed in a later version.
 * They would have no effect, and nobody would notice.
 */
import { distance } from 'fastest-levenshtein';
import type { Environment } from './environment.js';
import { SETTINGS } from './settings.js';

export interface UnknownSetting {
  readonly name: string;
  readonly nearest: string | undefined;
}

/** Read by the demo, by libraries, or by the deployment files; they begin like settings of the service. */
const OTHERS = ['DEFECTDIFFU_URL'];
/** Names that begin so are ours, whatever follows. */
const OUR_PREFIXES = [
  'CORS_',
  'DEFECTDIFFU_',
  'JWT_',
  'MARKING_',
  'MQTT_',
  'OIDC_',
  'QUOTA_',
  'S3_',
  'TRAINER_',
  'TRUSTED_DOCUMENTS_',
  'WEBHOOK_',
];
/** Kubernetes adds such variables for each service of a namespace. */
const SERVICE_LINK = /_SERVICE_(HOST|PORT)(_|$)|_PORT_\d+_(TCP|UDP)/;
/** The shortest name that is compared with one letter of difference allowed: PORT resembles too many others. */
const SHORTEST = 5;

export function unknownSettings(env: Environment): UnknownSetting[] {
  const known = new Set<string>([...SETTINGS, ...OTHERS]);
  return Object.entries(env).flatMap(([name, value = '']) => {
    if (known.has(name) || SERVICE_LINK.test(name) || /^tcp:\/\//.test(value)) return [];
    const nearest = nearestSetting(name);
    return nearest !== undefined || OUR_PREFIXES.some((prefix) => name.startsWith(prefix)) ? [{ name, nearest }] : [];
  });
}

/** Undefined if no setting is so near that it must have been meant. */
function nearestSetting(name: string): string | undefined {
  const given = name.toUpperCase().replaceAll('-', '_');
  const short = given.replace(/^DEFECTDIFFU_/, '');
  const candidates = SETTINGS.map((setting) => ({
    setting,
    edits: Math.min(distance(given, setting), distance(short, setting)),
  }));
  const [best] = candidates.sort((a, b) => a.edits - b.edits);
  if (best === undefined || best.edits > allowedEdits(best.setting, short)) return undefined;
  return best.setting;
}

/** Case, hyphens, and our prefix do not count. Longer names may differ in more letters. */
function allowedEdits(setting: string, given: string): number {
  const length = Math.min(setting.length, given.length);
  return length < SHORTEST ? 0 : Math.max(1, Math.floor(length / 6));
}
