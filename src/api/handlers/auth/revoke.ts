/** Certificates that count no more. The replica carries their numbers to every server, which ends their connections. */
import { SkepError } from '../../../base/core/errors.ts';
import type { CertificateRecord } from '../../../model/auth.ts';
import type { Put } from '../../../store/bbs.ts';
import { revokedKey } from '../../../store/core/keys.ts';
import { type ApiContext, type Call, currentState, type Handler } from '../../context.ts';
import { journal, put, write } from '../../write.ts';
import { allCertificates, hostKey } from './records.ts';

const isHost = ({ roles }: CertificateRecord): boolean => roles.includes('cell') || roles.includes('server');

export const isOfUser = (record: CertificateRecord, name: string): boolean =>
  record.name === name && !isHost(record);

export function revocationPuts(
  { clock }: Pick<ApiContext, 'clock'>,
  call: Call,
  certificates: readonly CertificateRecord[],
): Put[] {
  return certificates.map(({ serial, name }) =>
    put(revokedKey(serial), { v: 1, serial, name, at: clock.now(), by: call.actor }),
  );
}

export const listCertificates: Handler<'listCertificates'> = async (context, _input, call) => {
  const certificates = await allCertificates(context, call.signal);
  const { revoked } = await currentState(context, call.signal);
  const rows = certificates.map((row) => {
    const revokedAt = revoked.get(row.serial)?.value.at;
    return { ...row, ...(revokedAt === undefined ? {} : { revokedAt }) };
  });
  return {
    rows: rows.toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.issuedAt - b.issuedAt)),
  };
};

export const revokeCertificates: Handler<'revokeCertificates'> = async (
  context,
  { params: { which } },
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
  return { revision, serials };
};
