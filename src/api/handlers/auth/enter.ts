/**
 * Who is known on the local socket is known to one server only. A certificate with the same rights, for a day, lets a
 * session such as the terminal UI go on at another server when this one dies.
 */
import { SkepError } from '../../../base/core/errors.ts';
import type { CellId } from '../../../model/ids.ts';
import type { Handler } from '../../context.ts';
import { journal, write } from '../../write.ts';
import { byOf, issueCertificate, makerOf, personal } from './issue.ts';
import { allCertificates, certificateKey, expiredKeys, putJson, readAuthorities } from './records.ts';
import { serversOf } from './tokens.ts';

const passLifeMs = 24 * 3_600_000;

export const enter: Handler<'enter'> = async (context, { body }, call) => {
  const { caller } = call;
  if (context.certificates === undefined) return {};
  if (caller?.how !== 'socket') {
    throw new SkepError('InvalidRequest', 'a pass is for who came through the local socket', {
      hint: 'a certificate of the cluster is good at every server as it is',
    });
  }
  const authorities = await readAuthorities(context, call.signal);
  const name = `${caller.name.replace(/[^a-zA-Z0-9]+/g, '-')}.${context.server}` as CellId;
  const { certificate, record } = await issueCertificate(context, makerOf(context), authorities, {
    name,
    roles: caller.roles,
    request: body.request,
    by: byOf(call),
    addresses: [],
    lifeMs: passLifeMs,
  });
  const old = await allCertificates(context, call.signal);
  const message = `pass for a session of ${caller.name}: ${caller.roles.join('+')}, certificate ${record.serial}`;
  await write(context, call, [], () => ({
    puts: [
      putJson(certificateKey(record.serial), record),
      journal(context, call, { type: 'auth.certificate', subject: name, message }),
    ],
    deletes: expiredKeys(old, context.clock.now()),
    result: undefined,
  }));
  return {
    pass: personal(authorities, { certificate, record }, { servers: serversOf(context), renews: false }),
  };
};
