/** Every placement rule can be said on the command line, arrives in the record, and is refused when it makes no sense. */
import { describe, expect, test } from 'vitest';
import { cliScene } from '../../test/kit/cli-scene.ts';
import type { ProcessGuid, TaskGuid } from '../model/ids.ts';
import { placementSchema } from '../model/placement.ts';

const scene = cliScene();
const skep = (...args: string[]) => scene.skep(args);

const web = () => scene.api.replica.state.desired.get('web' as ProcessGuid)?.value;
const both: [string[], object][] = [
  [['--os', 'linux', '--arch', 'arm64'], { os: 'linux', arch: 'arm64' }],
  [['--tag', 'gpu', '--tag', 'fast'], { tags: ['gpu', 'fast'] }],
  [['--runtime', 'runsc'], { runtime: 'runsc' }],
  [['--volume-driver', 'nfs', '--volume-driver', 'ceph'], { volumeDrivers: ['nfs', 'ceph'] }],
  [['--same-cell-as', 'db'], { sameCellAs: 'db' }],
  [['--not-with', 'noisy', '--not-with', 'loud'], { notWith: ['noisy', 'loud'] }],
];

describe('skep run', () => {
  test.each([
    ...both,
    [['--sticky'], { sticky: true }],
    [['--spread-by', 'rack'], { spreadBy: 'rack' }],
    [['--max-per-cell', '2'], { maxPerCell: 2 }],
  ] as [string[], object][])('%j is a rule of the LRP', async (flags, rules) => {
    expect(await skep('run', 'web', 'busybox', '--detach', ...flags)).toMatchObject({ code: 0 });
    expect(web()?.placement).toEqual(placementSchema.parse(rules));
  });

  test('--priority and --host-port are fields of their own', async () => {
    const flags = ['--priority', '-5', '--host-port', '8080:80', '--host-port', '8443:443'];
    expect(await skep('run', 'web', 'busybox', '--detach', ...flags)).toMatchObject({ code: 0 });
    expect(web()).toMatchObject({
      priority: -5,
      fixedPorts: [
        { containerPort: 8080, hostPort: 80 },
        { containerPort: 8443, hostPort: 443 },
      ],
    });
  });

  test.each([
    [['--max-per-cell', '0'], /--max-per-cell/],
    [['--priority', '2000'], /--priority/],
    [['--host-port', '80'], /--host-port/],
    [['-p', '9000', '--host-port', '80:9000'], /CONTAINER:HOST[\s\S]*--host-port 9000:80/],
    [['--spread-by', 'my rack'], /--spread-by: may only hold letters/],
  ])('%j is refused by name, and nothing is made', async (flags, said) => {
    const { code, err } = await skep('run', 'web', 'busybox', '--detach', ...flags);
    expect({ code, err }).toEqual({ code: 2, err: expect.stringMatching(said) as string });
    expect(web()).toBeUndefined();
  });
});

test.each(both)('skep task run %j is a rule of the task', async (flags, rules) => {
  expect(await skep('task', 'run', 'job', 'busybox', '--detach', ...flags)).toMatchObject({ code: 0 });
  const task = scene.api.replica.state.tasks.get('job' as TaskGuid)?.value;
  expect(task?.placement).toEqual(placementSchema.parse(rules));
});

describe('skep brain settings', () => {
  test('sets what is named, and shows everything', async () => {
    const { code, out } = await skep(
      'brain',
      'settings',
      'maxStarting=20',
      'maxStartingPerCell=4',
      'preemption=true',
    );
    expect(code).toBe(0);
    expect(out).toMatch(/^maxStarting +20$/m);
    expect(scene.api.replica.state.settings?.value).toMatchObject({
      maxStarting: 20,
      maxStartingPerCell: 4,
      preemption: true,
      binPackWeight: 0,
    });
  });
  test.each([
    ['maxstarting=2', /there is no setting "maxstarting"[^]*maxStarting/],
    ['preemption=yes', /true or false/],
    ['binPackWeight=-1', /a number of 0 or more/],
  ])('%s is refused', async (change, said) => {
    expect(await skep('brain', 'settings', change)).toMatchObject({
      code: 2,
      err: expect.stringMatching(said) as string,
    });
  });
});
