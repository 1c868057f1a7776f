/** Whether and how images are marked as made by a model: MARKING, MARKING_CERTIFICATE, and MARKING_KEY. */
import { X509Certificate, createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { StartError } from '../errors.js';
import type { Environment } from './environment.js';
import { oneOf, text } from './environment.js';
import type { SettingName } from './settings.js';

const KINDS = ['c2pa', 'xmp', 'off'] as const;

export interface MarkingConfig {
  /** `c2pa`: an XMP packet and a signed C2PA manifest. `xmp`: the packet alone. */
  readonly kind: (typeof KINDS)[number];
  /** The operator's certificates and key, as PEM. Undefined: a certificate is made at the first start. */
  readonly signing: { readonly certificates: string; readonly privateKey: string } | undefined;
}

export function readMarking(env: Environment): MarkingConfig {
  const kind = oneOf(env, 'MARKING', KINDS, 'c2pa');
  const certificateFile = text(env, 'MARKING_CERTIFICATE');
  const keyFile = text(env, 'MARKING_KEY');
  if (certificateFile === undefined && keyFile === undefined) return { kind, signing: undefined };
  if (certificateFile === undefined || keyFile === undefined) {
    const missing = certificateFile === undefined ? 'MARKING_CERTIFICATE' : 'MARKING_KEY';
    throw new StartError(`${missing}: required with the other of MARKING_CERTIFICATE and MARKING_KEY`);
  }
  const certificates = read('MARKING_CERTIFICATE', certificateFile);
  const privateKey = read('MARKING_KEY', keyFile);
  const certificate = parse('MARKING_CERTIFICATE', certificateFile, () => new X509Certificate(certificates));
  const key = parse('MARKING_KEY', keyFile, () => createPrivateKey(privateKey));
  if (!certificate.checkPrivateKey(key))
    throw new StartError(`MARKING_KEY: "${keyFile}" is not the key of the first certificate in "${certificateFile}"`);
  if (new Date(certificate.validTo) < new Date())
    throw new StartError(`MARKING_CERTIFICATE: "${certificateFile}" expired on ${certificate.validTo}`);
  return { kind, signing: { certificates, privateKey } };
}

function read(name: SettingName, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new StartError(`${name}: "${file}" cannot be read: ${(error as Error).message}`);
  }
}

function parse<T>(name: SettingName, file: string, create: () => T): T {
  try {
    return create();
  } catch {
    throw new StartError(
      `${name}: "${file}" is not a PEM file with ${name === 'MARKING_KEY' ? 'an unencrypted private key' : 'certificates'}`,
    );
  }
}
