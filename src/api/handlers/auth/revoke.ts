/** Certificates that count no more. The replica carries their numbers to every server, which ends their connections. */
import { SkepError } from '../../../base/core/errors.ts';
import { type Authorities, type CertificateRecord, standingOf, userSchema } from '../../../model/auth.ts';
import type { CellId } from '../../../model/ids.ts';
import type { Put } from '../../../store/bbs.ts';
import { revokedKey, userPrefix } from '../../../store/core/keys.ts';
import { type ApiContext, type Call, currentState, type Handler } from '../../context.ts';
import { journal, put, write } from '../../write.ts';
import { removeServer } from '../servers.ts';
import { makerOf } from './issue.ts';
import { allCertificates, hostKey, listRecords, readAuthorities } from './records.ts';

const isHost = ({ roles }: CertificateRecord): boolean => roles.includes('cell') || roles.includes('server');

export const isOfUser = (record: CertificateRecord, name: string): boolean =>
  record.name === name && !isHost(record);

/** Certificates of people, and of their sessions. */
export const userCertificatesOf = (records: readonly CertificateRecord[]): readonly CertificateRecord[] =>
  records.filter((record) => !isHost(record));

export function revocationPuts(
  { clock }: Pick<ApiContext, 'clock'>,
  call: Call,
  certificates: readonly CertificateRecord[],
): Put[] {
  return certificates.map(({ serial, name, storeSerial }) => {
    const revocation = { v: 1, serial, name, at: clock.now(), by: call.actor } as const;
    return put(revokedKey(serial), storeSerial === undefined ? revocation : { ...revocation, storeSerial });
  });
}

export const listCertificates: Handler<'listCertificates'> = async (context, _input, call) => {
  const certificates = await allCertificates(context, call.signal);
  const users = await listRecords(context, userPrefix, userSchema, call.signal);
  const authorities = await readAuthorities(context, call.signal);
  const { revoked } = await currentState(context, call.signal);
  const renewing = new Set(users.filter(({ renews }) => renews === true).map(({ name }) => name));
  const hash = (pem: string): string => Buffer.from(makerOf(context).certificateHash(pem)).toString('hex');
  const names = authorityNames(authorities, hash);
  const newest = newestOf(certificates);
  const now = context.clock.now();
  const rows = certificates.map((row) => {
    const revocation = revoked.get(row.serial)?.value;
    const isCell = revocation !== undefined && standingOf(revocation, now) === 'cell';
    const revokedAt = isCell ? undefined : revocation?.at;
    const renewsAt = row.issuedAt + ((row.notAfter - row.issuedAt) * 2) / 3;
    const isRenewed = isHost(row) || renewing.has(row.name);
    return {
      ...row,
      roles: isCell ? row.roles.filter((role) => role !== 'server') : row.roles,
      ...(revokedAt === undefined ? {} : { revokedAt }),
      ...(isRenewed ? { renewsAt } : {}),
      isReplaced: newest.get(holderOf(row)) !== row.serial,
      authorityName: row.authority === undefined ? 'unknown' : (names.get(row.authority) ?? 'previous'),
    } as const;
  });
  return {
    rows: rows.toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.issuedAt - b.issuedAt)),
  };
};

const holderOf = (row: CertificateRecord): string => `${isHost(row) ? 'host' : 'user'}/${row.name}`;

/** The serial number of each holder's newest certificate. */
function newestOf(certificates: readonly CertificateRecord[]): ReadonlyMap<string, string> {
  const ordered = certificates.toSorted((a, b) => a.issuedAt - b.issuedAt);
  return new Map(ordered.map((row) => [holderOf(row), row.serial]));
}

function authorityNames(
  { cluster, other, otherIsOlder }: Authorities,
  hash: (pem: string) => string,
): ReadonlyMap<string, 'current' | 'older' | 'newer'> {
  const signing = hash(cluster.certificate);
  if (other === undefined) return new Map([[signing, 'current']]);
  const [older, newer] = otherIsOlder === true ? [other.cluster, cluster] : [cluster, other.cluster];
  return new Map([
    [hash(older.certificate), 'older'],
    [hash(newer.certificate), 'newer'],
  ]);
}

export const revokeCertificates: Handler<'revokeCertificates'> = async (
  context,
  { params: { which }, query: { force } },
  call,
) => {
  const found = (await allCertificates(context, call.signal)).filter(
    (one) => one.serial === which.toUpperCase() || (one.name === which && isHost(one)),
  );
  const [first] = found;
  if (first === undefined) {
    throw new SkepError(
      'ResourceNotFound',
      `there is no certificate ${which}, and no host of that name has one`,
      {
        hint: '`skep cert ls` lists them; `skep user revoke NAME` is for users',
      },
    );
  }
  const wasServer = which === first.name && (await leavesStore(context, first.name, force, call));
  const key = hostKey(first.name);
  const serials = found.map(({ serial }) => serial);
  const { revision } = await write(context, call, [key], ([host]) => {
    const isByName = found.some(({ name }) => name === which);
    const newest = host === undefined ? undefined : (JSON.parse(host.value) as { serial?: string }).serial;
    if (isByName && newest !== undefined && !serials.includes(newest)) {
      throw new SkepError('ResourceConflict', `${which} renewed its certificate meanwhile`, {
        hint: 'try again',
      });
    }
    const message = `revoked ${serials.length === 1 ? 'certificate' : 'certificates'} ${serials.join(', ')} of ${first.name}`;
    const line = journal(context, call, { type: 'auth.certificate', subject: first.name, message });
    const endsHost = newest !== undefined && serials.includes(newest);
    return {
      puts: [...revocationPuts(context, call, found), line],
      deletes: endsHost ? [key] : [],
      result: undefined,
    };
  });
  return { revision, serials, wasServer };
};

/**
 * A server is taken out of the store's members first: etcd looks at certificates only when somebody connects. Throws as
 * `skep server remove` does, and nothing is revoked then.
 */
async function leavesStore(context: ApiContext, name: CellId, force: boolean, call: Call): Promise<boolean> {
  const members = (await context.members?.list({ signal: call.signal })) ?? [];
  if (!members.some(({ server }) => server === name)) return false;
  await removeServer(context, { params: { server: name }, body: { force } }, call);
  return true;
}
