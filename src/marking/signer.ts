/** Signs C2PA claims with a private key, in the form that COSE requires. */
import 'reflect-metadata';
import type { KeyObject, SigningOptions } from 'node:crypto';
import { constants, createPrivateKey, sign } from 'node:crypto';
import { promisify } from 'node:util';
import { PemConverter, X509Certificate } from '@peculiar/x509';
import type { Signer } from '@trustnxt/c2pa-ts/cose';
import { CoseAlgorithmIdentifier } from '@trustnxt/c2pa-ts/cose';

const signBytes = promisify(sign);

export interface SigningPems {
  /** The certificate of the key, then those of its issuers, without the root. */
  readonly certificates: string;
  readonly privateKey: string;
}

/** The signer of the library itself writes ECDSA signatures as DER, which other readers refuse. */
export function createSigner({ certificates, privateKey }: SigningPems): Signer {
  const [certificate, ...chainCertificates] = PemConverter.decode(certificates).map((der) => new X509Certificate(der));
  if (certificate === undefined) throw new RangeError('there is no certificate');
  const key = createPrivateKey(privateKey);
  const { algorithm, hash, options } = methodOf(key);
  return {
    algorithm,
    certificate,
    chainCertificates,
    sign: async (payload) => signBytes(hash, payload, { key, ...options }),
  };
}

interface Method {
  readonly algorithm: CoseAlgorithmIdentifier;
  readonly hash: string | undefined;
  readonly options: SigningOptions;
}

const CURVES: Readonly<Record<string, Omit<Method, 'options'>>> = {
  prime256v1: { algorithm: CoseAlgorithmIdentifier.ES256, hash: 'sha256' },
  secp384r1: { algorithm: CoseAlgorithmIdentifier.ES384, hash: 'sha384' },
  secp521r1: { algorithm: CoseAlgorithmIdentifier.ES512, hash: 'sha512' },
};

/** @throws RangeError if C2PA does not allow such a key */
function methodOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): Method {
  const curve = CURVES[asymmetricKeyDetails?.namedCurve ?? ''];
  if (curve !== undefined) return { ...curve, options: { dsaEncoding: 'ieee-p1363' } };
  if (asymmetricKeyType === 'ed25519')
    return { algorithm: CoseAlgorithmIdentifier.Ed25519, hash: undefined, options: {} };
  if (asymmetricKeyType === 'rsa') {
    const options = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
    return { algorithm: CoseAlgorithmIdentifier.PS256, hash: 'sha256', options };
  }
  throw new RangeError(`C2PA has no signatures with a key of type ${String(asymmetricKeyType)}`);
}
