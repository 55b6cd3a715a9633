/** What a repair of the store needs of this host's certificates: those it has, or new ones by what a backup holds. */
import { SkepError } from '../../base/core/errors.ts';
import { silentLog } from '../../base/log.ts';
import { systemClock } from '../../base/node/system-clock.ts';
import { authoritiesSchema } from '../../model/auth.ts';
import { type BackupFile, readBackup } from '../../store/backup-file.ts';
import type { Put } from '../../store/bbs.ts';
import { authoritiesKey } from '../../store/core/keys.ts';
import type { AgentConfig } from '../core/agent-config.ts';
import { selfSigned } from './found.ts';
import { HostCertificates } from './host-certificates.ts';
import { renewStore } from './pki.ts';
import { PkiFolder } from './pki-files.ts';

/** Undefined without TLS. Certificates of the store that have expired are made anew. */
export async function repairCertificates(config: AgentConfig): Promise<HostCertificates | undefined> {
  if (config.insecure) return undefined;
  const folder = new PkiFolder(config.dataDir);
  const host = folder.readHost();
  if (host?.store === undefined) {
    throw new SkepError('InvalidRequest', `this host has no certificate for a store in ${folder.path}`, {
      hint: 'a host that never was a server has no store to repair; without TLS set "insecure: true"',
    });
  }
  const certificates = new HostCertificates(folder, host);
  const context = { config, clock: systemClock, log: silentLog };
  if (certificates.isDue(systemClock.now())) await renewStore(context, certificates);
  return certificates;
}

/**
 * Makes this host a server of the cluster in a backup, when it is none yet: it signs for itself with the authorities
 * that the backup holds. Returns what is to be written to the store about that.
 */
export async function adoptAuthorities(config: AgentConfig, file: BackupFile): Promise<readonly Put[]> {
  if (config.insecure) return [];
  const authorities = await authoritiesIn(file);
  if (authorities === undefined) {
    throw new SkepError('InvalidRequest', `${file.path} is of a cluster without TLS`, {
      field: 'insecure',
      hint: 'set "insecure: true" in the settings of this host',
    });
  }
  const folder = new PkiFolder(config.dataDir);
  const known = folder.readHost();
  if (known?.store !== undefined && known.cluster.ca === authorities.cluster.certificate) return [];
  const { host, puts } = await selfSigned({ config, clock: systemClock }, authorities);
  folder.writeHost(host);
  return puts;
}

async function authoritiesIn(file: BackupFile) {
  for await (const portion of readBackup(file)) {
    const found = portion.find(({ key }) => key === authoritiesKey);
    if (found !== undefined) return authoritiesSchema.parse(JSON.parse(found.value));
  }
  return undefined;
}
