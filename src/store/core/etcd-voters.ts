/**
 * Which members an etcd counts as voters, by its log. Used by etcd/never-served.ts; the words are those of etcd 3.4,
 * which prints an empty list at every start, and the true one as soon as it has read its first entry.
 */

/** Whether the last that this log says is that nobody votes: such a member never elects a leader. */
export function hasNoVoters(log: string): boolean {
  const voters = [...log.matchAll(/switched to configuration voters=\(([^)]*)\)/g)].at(-1);
  return voters?.[1] === '';
}
