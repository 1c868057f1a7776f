/**
 * A certificate for operators who have none: its issuer is made with it, and forgotten except for its own certificate,
 * which a reader can be told to trust. C2PA does not accept one that signs itself.
 */
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';
import type { SigningPems } from './signer.js';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const YEAR_MS = 365 * 86_400_000;
/** Without a time stamp, a mark is valid as long as its certificate. */
const VALID_YEARS = 20;

export interface SelfMadeCertificate extends SigningPems {
  /** The certificate of the issuer, for those who want to trust it. */
  readonly authority: string;
}

const FILES = { certificates: 'certificate.pem', privateKey: 'key.pem', authority: 'authority.pem' } as const;

/** Creates it at the first start. */
export async function readOrCreateCertificate(folder: string): Promise<SigningPems> {
  if (!existsSync(folder)) {
    const made = await createCertificate(new Date());
    const draft = `${folder}.new`;
    rmSync(draft, { recursive: true, force: true });
    mkdirSync(draft, { mode: 0o700 });
    for (const [part, file] of Object.entries(FILES))
      writeFileSync(join(draft, file), made[part as keyof typeof FILES], { mode: 0o600 });
    renameSync(draft, folder);
  }
  const read = (file: string): string => readFileSync(join(folder, file), 'utf8');
  return { certificates: read(FILES.certificates), privateKey: read(FILES.privateKey) };
}

export async function createCertificate(now: Date): Promise<SelfMadeCertificate> {
  const [issuerKeys, keys] = await Promise.all([createKeys(), createKeys()]);
  const validity = { notBefore: now, notAfter: new Date(now.getTime() + VALID_YEARS * YEAR_MS) };
  const issuer = await X509CertificateGenerator.createSelfSigned({
    serialNumber: '01',
    name: 'CN=DefectDiffu self-made authority, O=DefectDiffu',
    ...validity,
    signingAlgorithm: ALGORITHM,
    keys: issuerKeys,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true),
      await SubjectKeyIdentifierExtension.create(issuerKeys.publicKey),
    ],
  });
  const certificate = await X509CertificateGenerator.create({
    serialNumber: '02',
    subject: 'CN=DefectDiffu self-made certificate, O=DefectDiffu',
    issuer: issuer.subject,
    ...validity,
    signingAlgorithm: ALGORITHM,
    publicKey: keys.publicKey,
    signingKey: issuerKeys.privateKey,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      // One of the few usages that readers of C2PA accept.
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.emailProtection], false),
      await AuthorityKeyIdentifierExtension.create(issuerKeys.publicKey),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  const privateKey = `-----BEGIN PRIVATE KEY-----\n${pkcs8.replace(/.{64}/g, '$&\n').trimEnd()}\n-----END PRIVATE KEY-----\n`;
  return { certificates: `${certificate.toString('pem')}\n`, privateKey, authority: `${issuer.toString('pem')}\n` };
}

function createKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']) as Promise<webcrypto.CryptoKeyPair>;
}
