/** What the help of `skep backup` tells. Apart from the command, which would be too long with it. */

export const backupTexts = {
  manual: `
Every server makes a backup each hour, at a minute of its own, and keeps the newest 24
and the last of each of seven days in the folder backups of its data folder. A backup
holds every record of the store at one moment: LRPs with their environment (secrets
among it), instances, tasks, settings, the journal. It is for its owner alone.

Examples:
  $ skep backup save /mnt/nas/cluster.skep-backup
  $ skep backup ls
  $ skep backup verify /mnt/nas/cluster.skep-backup`,
  save: `
The state is read at one revision while the cluster goes on. The file appears when it is
whole and was read back, for its owner alone, and never replaces another.

Examples:
  $ skep backup save cluster.skep-backup
  Among those that the server keeps:
    $ skep backup save`,
  list: `
Each server keeps its own. Another one is asked with --server.

Example:
  $ skep backup ls --server 10.0.0.2:7400`,
  verify: `
Its checksum is over everything, so a file that was cut off or altered is told from a
whole one. Exit status 1 when the file is whole and holds records that cannot be read.

Example:
  $ skep backup verify cluster.skep-backup`,
  restore: `
Makes this host the only server of its cluster, with the state of the backup and the
cluster's old id. The old store is moved aside, not removed. No container is stopped:
when the agent runs again, cells come back by themselves and adopt what runs. What was
started after the backup was made is not known to it: it is left running for 24 hours
and told ('skep events'), and what ran then and is gone by now is started again.

Stop the agents of the other servers first: they still have the old state. What to type
there afterwards is printed.

Example:
  $ systemctl stop skep
  $ skep backup restore /var/lib/skep/backups/2026-11-21T224000Z-r81234.skep-backup
  $ systemctl start skep`,
} as const;
