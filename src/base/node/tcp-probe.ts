/** Whether somebody listens at an address: for the doctor. */
import { connect } from 'node:net';
import { messageOf } from '../core/errors.ts';

const deadlineMs = 2_000;

/** Why a connection to `host:port` cannot be opened; '' when it can. Never rejects. */
export function tcpProblem(address: string): Promise<string> {
  const [, host, port] = /^\[?([^\]]+)\]?:(\d+)$/.exec(address) ?? [];
  if (host === undefined) return Promise.resolve('is not HOST:PORT');
  return new Promise((resolve) => {
    const socket = connect({ host, port: Number(port), timeout: deadlineMs });
    const end = (problem: string): void => {
      socket.destroy();
      resolve(problem);
    };
    socket.once('connect', () => end(''));
    socket.once('timeout', () => end(`no answer within ${deadlineMs / 1_000} s: a packet filter?`));
    socket.once('error', (error: NodeJS.ErrnoException) =>
      end(error.code === 'ECONNREFUSED' ? 'nobody listens there' : messageOf(error)),
    );
  });
}
