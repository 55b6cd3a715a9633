/**
 * The CertificateMaker port over @peculiar/x509, which is loaded at the first use: most agents issue nothing for
 * days. Keys are ECDSA on P-256, serial numbers 128 random bits.
 */
import { createHash, createPrivateKey, createPublicKey, randomBytes, webcrypto } from 'node:crypto';
import type { CertificateMaker, KeyPair, Subject, Validity } from '../certificates.ts';
import { messageOf, SkepError } from '../core/errors.ts';
import { certificateHash } from './x509-facts.ts';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const requestMaxChars = 8_192;

type X509 = typeof import('@peculiar/x509');
type Extension = InstanceType<X509['Extension']>;

let loading: Promise<X509> | undefined;

function load(): Promise<X509> {
  loading ??= import('./x509-package.ts').then(({ x509 }) => x509);
  return loading;
}

export const x509Maker: CertificateMaker = {
  async authority(name, validity) {
    const x509 = await load();
    const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      serialNumber: newSerial(),
      name: [{ CN: [name] }],
      ...datesOf(validity),
      signingAlgorithm: algorithm,
      keys,
      extensions: [
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      ],
    });
    return { certificate: `${certificate.toString('pem')}\n`, key: await keyText(keys.privateKey) };
  },

  async request(name) {
    const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
    return { key: await keyText(keys.privateKey), request: await signedRequest(name, keys) };
  },

  async requestFor(name, key) {
    const privateKey = await importKey(key);
    const spki = createPublicKey(createPrivateKey(key)).export({ type: 'spki', format: 'der' });
    const publicKey = await webcrypto.subtle.importKey('spki', spki, algorithm, true, ['verify']);
    return await signedRequest(name, { privateKey, publicKey });
  },

  async issue(authority, request, subject, validity) {
    const x509 = await load();
    const publicKey = await requestedKey(request);
    const issuer = new x509.X509Certificate(authority.certificate);
    const serial = newSerial();
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: serial,
      subject: [{ CN: [subject.name] }],
      issuer: issuer.subject,
      ...datesOf(validity),
      signingAlgorithm: algorithm,
      publicKey,
      signingKey: await importKey(authority.key),
      extensions: [
        ...leafExtensions(x509, subject),
        await x509.AuthorityKeyIdentifierExtension.create(await issuer.publicKey.export()),
      ],
    });
    return { certificate: `${certificate.toString('pem')}\n`, serial: serial.toUpperCase() };
  },

  async revocationList(authority, serials, now) {
    const x509 = await load();
    const issuer = new x509.X509Certificate(authority.certificate);
    const made = await x509.X509CrlGenerator.create({
      issuer: issuer.subject,
      thisUpdate: new Date(now),
      nextUpdate: issuer.notAfter,
      entries: serials.map((serialNumber) => ({ serialNumber, revocationDate: new Date(now) })),
      signingAlgorithm: algorithm,
      signingKey: await importKey(authority.key),
    });
    return new Uint8Array(made.rawData);
  },

  async keyHash(request) {
    const publicKey = await requestedKey(request);
    return createHash('sha256').update(new Uint8Array(publicKey.rawData)).digest('hex');
  },

  certificateHash,
};

function leafExtensions(x509: X509, { uri, addresses, hostNames }: Subject): Extension[] {
  const names = [
    ...(uri === undefined ? [] : [{ type: 'url' as const, value: uri }]),
    ...addresses.map((value) => ({ type: 'ip' as const, value })),
    ...hostNames.map((value) => ({ type: 'dns' as const, value })),
  ];
  const { serverAuth, clientAuth } = x509.ExtendedKeyUsage;
  return [
    new x509.BasicConstraintsExtension(false, undefined, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
    new x509.ExtendedKeyUsageExtension([serverAuth, clientAuth]),
    new x509.SubjectAlternativeNameExtension(names),
  ];
}

async function signedRequest(
  name: string,
  keys: { readonly privateKey: webcrypto.CryptoKey; readonly publicKey: webcrypto.CryptoKey },
): Promise<string> {
  const x509 = await load();
  const made = await x509.Pkcs10CertificateRequestGenerator.create({
    name: [{ CN: [name] }],
    keys,
    signingAlgorithm: algorithm,
  });
  return `${made.toString('pem')}\n`;
}

/** The key of a request that is signed by it: whoever asks has it. */
async function requestedKey(request: string): Promise<InstanceType<X509['PublicKey']>> {
  const x509 = await load();
  try {
    if (request.length > requestMaxChars) throw new Error(`it is longer than ${requestMaxChars} characters`);
    const parsed = new x509.Pkcs10CertificateRequest(request);
    const { name, namedCurve } = parsed.publicKey.algorithm as { name: string; namedCurve?: string };
    if (name !== algorithm.name || namedCurve !== algorithm.namedCurve)
      throw new Error('its key is not P-256');
    if (!(await parsed.verify())) throw new Error('it is not signed by its own key');
    return parsed.publicKey;
  } catch (error) {
    throw new SkepError('InvalidRequest', `the certificate request is unusable: ${messageOf(error)}`, {
      field: 'request',
      cause: error,
    });
  }
}

const newSerial = (): string => {
  // The first bit is that of the sign: a serial number is positive.
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString('hex');
};

const datesOf = ({ notBefore, notAfter }: Validity): { notBefore: Date; notAfter: Date } => ({
  notBefore: new Date(notBefore),
  notAfter: new Date(notAfter),
});

const importKey = (key: KeyPair['key']): Promise<webcrypto.CryptoKey> =>
  webcrypto.subtle.importKey(
    'pkcs8',
    createPrivateKey(key).export({ type: 'pkcs8', format: 'der' }),
    algorithm,
    true,
    ['sign'],
  );

async function keyText(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key));
  return createPrivateKey({ key: der, type: 'pkcs8', format: 'der' })
    .export({ type: 'pkcs8', format: 'pem' })
    .toString();
}
