import { expect, onTestFinished, test } from 'vitest';
import { startApiServer } from '../../../test/kit/api-server.ts';
import { runCli } from '../../../test/kit/cli-run.ts';
import { fakeMembers } from '../../../test/kit/fake-members.ts';

async function removing(name: string) {
  const members = fakeMembers('host-a', 'host-b', 'host-c');
  const api = await startApiServer({ members, memberStatuses: () => members.statuses() });
  onTestFinished(() => api.close());
  const run = runCli(['server', 'remove', name], { server: api.socketPath });
  return { code: await run.code, err: run.err.text };
}

test('a name that is no server is refused before anybody is asked, with those that are', async () => {
  expect(await removing('host-x')).toEqual({
    code: 3,
    err: 'skep: there is no server "host-x"\n  hint: did you mean "host-a"? the servers are host-a, host-b, host-c\n',
  });
});

test('about a server the operator is asked', async () => {
  const { code, err } = await removing('host-b');
  expect({ code, err }).toMatchObject({ code: 2, err: expect.stringMatching(/Remove server host-b\?/) });
});
