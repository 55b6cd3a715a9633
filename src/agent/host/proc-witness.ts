/** The witness of a Linux host: /proc. Built by the composition roots. */
import { statField } from '../../base/core/proc-stat.ts';
import { parseListening, type Sight } from '../core/start-findings.ts';
import type { Witness } from '../witness.ts';
import { hasGone, readKernelFile } from './kernel-file.ts';

export function procWitness(): Witness {
  return {
    see({ id, pid }) {
      try {
        return look(`/proc/${pid}`, id);
      } catch (error) {
        return hasGone(error) ? 'gone' : undefined;
      }
    },
  };
}

/** An engine elsewhere counts processes of its own host: the control group tells whose this one is. */
function look(folder: string, containerId: string): Sight {
  if (!readKernelFile(`${folder}/cgroup`).includes(containerId)) return undefined;
  return {
    name: readKernelFile(`${folder}/comm`).trim(),
    state: statField(readKernelFile(`${folder}/stat`), 'state'),
    listens: parseListening(readKernelFile(`${folder}/net/tcp`), tableOrNone(`${folder}/net/tcp6`)),
  };
}

/** A kernel without IPv6 has no such table. */
function tableOrNone(path: string): string {
  try {
    return readKernelFile(path);
  } catch (error) {
    if (hasGone(error)) return '';
    throw error;
  }
}
