/**
 * What a failed connection means to an operator: the address that was tried, why it failed and what to do.
 * Used by whatever dials an agent (base/node/ws-socket.ts, api/client).
 */
import { messageOf, SkepError } from './core/errors.ts';

const startHint =
  'start the agent: `sudo systemctl start skep`, or `sudo skep agent` where there is no systemd';

/**
 * Translates the error of a socket that could not be opened or broke.
 * @param address what was dialled, as a person would write it: a path or `host:port`
 */
export function connectionError(error: unknown, address: string): SkepError {
  if (error instanceof SkepError) return error;
  const code = (error as { code?: unknown } | undefined)?.code;
  const details = { cause: error };
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      return new SkepError('Unauthorized', `no permission to open ${address}`, {
        ...details,
        hint: 'run the command as root (sudo), or join the group skep: `sudo usermod -aG skep $USER`, then log in again',
      });
    case 'ENOENT':
      return new SkepError('Unavailable', `the agent is not running: there is no socket at ${address}`, {
        ...details,
        hint: startHint,
      });
    case 'ECONNREFUSED':
      return new SkepError('Unavailable', `the agent is not running: nobody answers at ${address}`, {
        ...details,
        hint: startHint,
      });
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'CERT_HAS_EXPIRED':
    case 'CERT_NOT_YET_VALID':
      return new SkepError('Unauthenticated', `${address} is not believed: ${messageOf(error)}`, {
        ...details,
        hint: 'somebody else may answer there, or the context is of another cluster: `skep ctx show`',
      });
    case 'ECONNRESET':
    case 'EPROTO':
      return new SkepError('Unavailable', `the connection to ${address} failed: ${messageOf(error)}`, {
        ...details,
        hint: 'a cluster with TLS answers with a context (`skep ctx ls`) or on its local socket only; `journalctl -u skep` there says more',
      });
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new SkepError('Unavailable', `the host of ${address} cannot be resolved`, {
        ...details,
        hint: 'check the spelling of the address, or give an IP address',
      });
    default:
      return new SkepError('Unavailable', `the connection to ${address} failed: ${messageOf(error)}`, {
        ...details,
        hint: 'check that the agent runs there: `systemctl status skep`; its log says more: `journalctl -u skep`',
      });
  }
}
