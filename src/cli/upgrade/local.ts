/** This host alone: the install.sh that was installed here does it, and says what it does. Used by commands/upgrade.ts. */
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { SkepError } from '../../base/core/errors.ts';
import type { Session } from '../session.ts';
import type { HostAction } from './host.ts';

/** Its exit status. @throws SkepError InvalidStateTransition where this program was not set up by install.sh */
export async function upgradeHere({ io, flags }: Session, action: HostAction, file: string): Promise<number> {
  const script = join(dirname(process.argv[1] ?? '/'), 'install.sh');
  if (!io.exists(script) || process.argv[1]?.endsWith('skep.mjs') !== true) {
    throw new SkepError('InvalidStateTransition', 'this skep was not set up by install.sh', {
      hint: `set this host up from the release file: sudo sh ${file}`,
    });
  }
  const words = {
    install: ['--from-file', file],
    check: ['--check', '--from-file', file],
    rollback: ['--rollback'],
  };
  const yes = flags.yes === true ? ['--yes'] : [];
  const child = spawn('sh', [script, ...words[action], ...yes], { stdio: 'inherit' });
  return await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}
