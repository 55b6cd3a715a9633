/**
 * What the doctor says of a host's certificates: all of them, since each stops something else when it ends. They renew
 * themselves with ten of their thirty days left. Pure; cli/run/certificate-facts.ts finds the facts.
 */
import type { Trust } from '../../model/trust.ts';
import { spanOf } from './age.ts';
import { type Check, check } from './doctor-shapes.ts';

const dayMs = 24 * 60 * 60 * 1_000;
/** A renewal has failed for two days. */
const lateMs = 8 * dayMs;
/** An authority lives for ten years: a year is enough to change it in peace. */
const authorityLateMs = 365 * dayMs;
/** A change of the authorities that takes longer was forgotten. */
const rotationLateMs = 7 * dayMs;

export interface CertificateFact {
  /** `api`, `etcd`, `authority`, `etcd-authority`, `shown`. */
  readonly what: string;
  readonly isAuthority: boolean;
  /** Milliseconds since the epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
}

export interface HostCertificateFacts {
  readonly certificates: readonly CertificateFact[];
  /** The host's by its settings, and by its certificate. */
  readonly name: string;
  readonly certifiedName: string | undefined;
  /** Where this host answers by its settings, and no certificate of it says so. */
  readonly missingAddress: string | undefined;
  /** Files with a key that others than their owner may read. */
  readonly looseFiles: readonly { readonly file: string; readonly mode: string }[];
}

/** @param facts undefined: a host without TLS */
export function certificateChecks(facts: HostCertificateFacts | undefined, now: number): Check[] {
  if (facts === undefined) return [];
  return [
    ...facts.certificates.map((fact) => endCheck(fact, now)),
    ...clockChecks(facts, now),
    ...nameChecks(facts),
    ...addressChecks(facts),
    fileCheck(facts),
  ];
}

function endCheck({ what, isAuthority, notAfter }: CertificateFact, now: number): Check {
  const id = `certificate.${what}`;
  const leftMs = notAfter - now;
  const rotate = 'skep cert rotate-ca start   # changes the authorities while everything runs';
  if (leftMs <= 0) {
    const remedy = isAuthority
      ? 'skep cert rotate-ca --help; every host must join again with a token'
      : 'a cell joins again with a new token (docs/security.md); a server is started again';
    return check(id, 'bad', `expired ${spanOf(-leftMs)} ago`, remedy);
  }
  const value = `good for ${spanOf(leftMs)}`;
  const late = isAuthority ? authorityLateMs : lateMs;
  const why = 'journalctl -u skep | grep certificate_not_renewed; can a server be reached?';
  return leftMs < late ? check(id, 'warn', value, isAuthority ? rotate : why) : check(id, 'ok', value);
}

/** Certificates are good from five minutes before they are made: one of the future shows a wrong clock. */
function clockChecks({ certificates }: HostCertificateFacts, now: number): Check[] {
  const early = certificates.filter(({ notBefore }) => notBefore > now);
  const [first] = early;
  if (first === undefined) return [];
  const value = `that for ${first.what} begins in ${spanOf(first.notBefore - now)}: this clock is behind, or the signer's was ahead`;
  return [check('certificate.clock', 'bad', value, 'timedatectl set-ntp true; then: chronyc makestep')];
}

function nameChecks({ name, certifiedName }: HostCertificateFacts): Check[] {
  if (name === certifiedName) return [];
  const value = `the settings call this host ${name}, its certificate ${certifiedName ?? 'nothing'}`;
  const remedy = `set "name: ${certifiedName ?? 'NAME'}", or move the folder pki away and join again with a token`;
  return [check('certificate.name', 'bad', value, remedy)];
}

function addressChecks({ missingAddress }: HostCertificateFacts): Check[] {
  if (missingAddress === undefined) return [];
  const value = `the address ${missingAddress} is not in the certificate for etcd: other members do not believe it`;
  const remedy =
    'systemctl restart skep   # until then set "address" back; it renews with every address of this host';
  return [check('certificate.address', 'bad', value, remedy)];
}

function fileCheck({ looseFiles }: HostCertificateFacts): Check {
  const [first] = looseFiles;
  if (first === undefined) return check('certificate.files', 'ok', 'keys are for their owner alone');
  const value = looseFiles.map(({ file, mode }) => `${file} is ${mode}`).join(', ');
  const remedy = `chmod go= ${looseFiles.map(({ file }) => file).join(' ')}   # then: skep cert revoke this host, and join again, if others could read it`;
  return check('certificate.files', 'bad', value, remedy);
}

/** A change of the authorities that is under way. @param waitsFor hosts that have not confirmed */
export function trustChecks(trust: Trust | undefined, now: number): Check[] {
  if (trust === undefined || trust.phase === 'steady') return [];
  const value = `they are being changed: ${trust.phase} for ${spanOf(now - trust.at)}`;
  const verdict = now - trust.startedAt > rotationLateMs ? 'warn' : 'ok';
  return [check('authorities', verdict, value, 'skep cert rotate-ca status; then finish, or abort')];
}

/** The certificate of the person who asks, when it is one that a context holds. */
export function contextChecks(
  context: { readonly endsAt: number; readonly notBefore: number; readonly renews: boolean } | undefined,
  now: number,
): Check[] {
  if (context === undefined) return [];
  const { endsAt, notBefore, renews } = context;
  const again = 'ask an admin for another one: skep user add NAME …; then: skep ctx add FILE';
  if (notBefore > now) {
    const value = `your certificate begins in ${spanOf(notBefore - now)}: this clock is behind`;
    return [check('context', 'bad', value, 'timedatectl set-ntp true')];
  }
  if (endsAt <= now)
    return [check('context', 'bad', `your certificate expired ${spanOf(now - endsAt)} ago`, again)];
  const value = `your certificate is good for ${spanOf(endsAt - now)}${renews ? ' and renews itself' : ''}`;
  return [check('context', !renews && endsAt - now < lateMs ? 'warn' : 'ok', value, again)];
}
