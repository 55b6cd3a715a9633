/**
 * What is run for a shell on this host: the login shell of the agent's user, with an environment that has nothing of
 * the agent's. Under systemd through systemd-run, as a unit of its own: what the agent starts itself is as confined as
 * the agent (packaging/skep.service: no new privileges, a read-only /usr, a /tmp of its own), which is no shell to
 * mend a host with; and such a unit ends with the agent's, whatever was started in it. Used by pty-shell.ts.
 */
import { existsSync, readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { consoleVariable } from '../console/program.ts';
import { isUnderSystemd } from './release-installer.ts';

export interface HostCommand {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly folder: string;
  /** The unit that it becomes, when it becomes one. */
  readonly unit?: string | undefined;
}

export interface HostCommandFacts {
  readonly user: string;
  readonly home: string;
  readonly shell: string;
  readonly language: string;
  /** The agent's own unit; undefined when it is none of systemd's. */
  readonly agentUnit: string | undefined;
  readonly isUnderSystemd: boolean;
}

const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export function hostCommand(session: string, facts: HostCommandFacts = factsOfHost()): HostCommand {
  const { user, home, shell, language, agentUnit } = facts;
  const env = {
    PATH: path,
    HOME: home,
    USER: user,
    LOGNAME: user,
    SHELL: shell,
    LANG: language,
    TERM: 'xterm-256color',
    [consoleVariable]: session,
  };
  if (!facts.isUnderSystemd) {
    // The agent keeps what it writes from others; a person's files are as anywhere.
    return { file: '/bin/sh', args: ['-c', 'umask 022; exec "$0" -l', shell], env, folder: home };
  }
  const unit = `skep-shell-${session.slice(session.lastIndexOf('.') + 1)}.service`;
  const bound = agentUnit === undefined ? [] : [`BindsTo=${agentUnit}`, `After=${agentUnit}`];
  const properties = [...bound, 'SendSIGHUP=yes', 'TimeoutStopSec=2'];
  const args = [
    '--quiet',
    '--collect',
    '--wait',
    '--pty',
    '--no-ask-password',
    `--unit=${unit}`,
    `--working-directory=${home}`,
    `--description=A shell on this host through Skep: console ${session}`,
    ...properties.map((property) => `--property=${property}`),
    ...Object.entries(env).map(([name, value]) => `--setenv=${name}=${value}`),
    '--',
    shell,
    '-l',
  ];
  return { file: 'systemd-run', args, env, folder: '/', unit };
}

function factsOfHost(): HostCommandFacts {
  const { username, homedir, shell } = userInfo();
  return {
    user: username,
    home: existsSync(homedir) ? homedir : '/',
    shell: shell !== null && existsSync(shell) ? shell : '/bin/sh',
    language: process.env['LANG'] ?? 'C.UTF-8',
    agentUnit: unitOf(readFileSync('/proc/self/cgroup', 'utf8')),
    isUnderSystemd: isUnderSystemd(),
  };
}

/** Of cgroups(7), either version: `0::/system.slice/skep.service`. */
function unitOf(cgroups: string): string | undefined {
  return /\/([^/\n]+\.service)(?:\/|$)/m.exec(cgroups)?.[1];
}
