/** The folder of registered operations, and whether nothing else is taken. */
import { resolve } from 'node:path';
import { StartError } from '../errors.js';
import type { Environment } from './environment.js';
import { flag, text } from './environment.js';

export interface TrustedDocumentsConfig {
  /** Undefined: no operations are registered. */
  readonly folder: string | undefined;
  readonly only: boolean;
}

export function readTrustedDocuments(env: Environment): TrustedDocumentsConfig {
  const folder = text(env, 'TRUSTED_DOCUMENTS');
  const only = flag(env, 'TRUSTED_DOCUMENTS_ONLY');
  if (only && folder === undefined)
    throw new StartError('TRUSTED_DOCUMENTS_ONLY: "true" needs TRUSTED_DOCUMENTS, the folder of the operations');
  if (only && flag(env, 'MCP'))
    throw new StartError(
      'TRUSTED_DOCUMENTS_ONLY: "true" cannot be combined with MCP, whose operations are not registered',
    );
  if (only && flag(env, 'FEDERATION'))
    throw new StartError(
      'TRUSTED_DOCUMENTS_ONLY: "true" cannot be combined with FEDERATION, whose router composes its own operations',
    );
  return { folder: folder === undefined ? undefined : resolve(folder), only };
}
