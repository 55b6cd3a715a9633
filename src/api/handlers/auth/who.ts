/** Who asks: proved on the local socket by a file, everywhere else by the certificate. */
import { SkepError } from '../../../base/core/errors.ts';
import type { Handler } from '../../context.ts';

export const challenge: Handler<'challenge'> = async (context, _input, call) => {
  if (context.tickets === undefined || call.caller?.address !== undefined) {
    throw new SkepError('InvalidRequest', 'tickets are for the local socket only', {
      hint: 'over TCP a certificate says who asks',
    });
  }
  return context.tickets.challenge();
};

export const whoAmI: Handler<'whoAmI'> = async (_context, _input, call) => {
  const { name = call.actor, roles = [], how = 'open' } = call.caller ?? {};
  return { name, roles: [...roles], how };
};
