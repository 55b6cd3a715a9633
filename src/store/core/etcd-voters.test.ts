import { expect, test } from 'vitest';
import { hasNoVoters } from './etcd-voters.ts';

const says = (voters: string): string =>
  `{"level":"info","ts":"x","caller":"raft/raft.go:1","msg":"8e switched to configuration voters=(${voters})"}\n`;

test.each([
  ['nothing about voters yet', '{"level":"info","msg":"starting"}\n', false],
  ['an empty list only', says(''), true],
  ['an empty list, then itself, as every start that succeeds', says('') + says('3425533908852586154'), false],
  ['itself, and an empty list at the next start', says('342') + says(''), true],
])('%s', (_name, log, expected) => expect(hasNoVoters(log)).toBe(expected));
