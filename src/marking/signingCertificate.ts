/** What readers of C2PA ask of the certificate that signed (C2PA Technical Specification, section "Certificate Profile"). */
import 'reflect-metadata';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  X509Certificate,
} from '@peculiar/x509';

/** Object identifiers of the extended key usages of which one is needed. */
const USAGES: Readonly<Record<string, string>> = {
  emailProtection: '1.3.6.1.5.5.7.3.4',
  documentSigning: '1.3.6.1.5.5.7.3.36',
  c2paClaimSigning: '1.3.6.1.4.1.62558.2.1',
};
const ANY_USAGE = '2.5.29.37.0';

/** Why readers would call the signature of the first certificate of a PEM file invalid; undefined if they would not. */
export async function problemOfCertificate(pem: string, now: Date): Promise<string | undefined> {
  const [der] = PemConverter.decode(pem);
  if (der === undefined) return 'holds no certificate';
  const certificate = new X509Certificate(der);
  if (certificate.notBefore > now) return `is valid from ${certificate.notBefore.toISOString()} only`;
  if (certificate.getExtension(BasicConstraintsExtension)?.ca === true)
    return 'belongs to an authority; the certificate that signs images comes first';
  if (await certificate.isSelfSigned()) return 'is signed by itself; let an authority sign it, of your own or another';
  const keyUsages = certificate.getExtension(KeyUsagesExtension)?.usages ?? 0;
  if ((keyUsages & KeyUsageFlags.digitalSignature) === 0) return 'lacks the key usage digitalSignature';
  const usages = certificate.getExtension(ExtendedKeyUsageExtension)?.usages.map(String) ?? [];
  if (usages.includes(ANY_USAGE)) return 'has the extended key usage anyExtendedKeyUsage, which C2PA forbids';
  if (!Object.values(USAGES).some((usage) => usages.includes(usage)))
    return `lacks an extended key usage: one of ${Object.keys(USAGES).join(', ')}`;
  return undefined;
}
