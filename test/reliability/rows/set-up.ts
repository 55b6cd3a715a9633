/** Row 0, the first proof: the README's commands, typed as they stand, make a cluster that is encrypted everywhere. */

import { eventually, run } from '../../kit/e2e-cluster.ts';
import { hosts, readmeCommands, servers, type } from '../hosts/cluster.ts';
import { image } from '../hosts/load.ts';
import { addressOf, must, shell } from '../hosts/rig.ts';
import type { Figure } from '../row.ts';
import type { Played } from '../session.ts';

class Proof {
  readonly figures: Figure[] = [];
  readonly #startedAt = Date.now();

  holds(what: string, isMet: boolean, detail = ''): void {
    const value = isMet ? 'yes' : `no: ${detail}`;
    this.figures.push({ what, value, limit: 'yes', isMet });
    process.stderr.write(`    ${isMet ? 'ok  ' : 'MISS'} ${what}${isMet ? '' : `: ${detail}`}\n`);
  }

  time(what: string, from: number): void {
    const value = `${((Date.now() - from) / 1_000).toFixed(1)} s`;
    this.figures.push({ what, value, limit: '', isMet: true });
    process.stderr.write(`    ${what}: ${value}\n`);
  }

  get seconds(): number {
    return Math.round((Date.now() - this.#startedAt) / 1_000);
  }
}

export async function setUp(release: string): Promise<Played> {
  const fault = "none: the README's commands on five bare hosts";
  process.stderr.write(`\nrow 0: ${fault}\n`);
  const proof = new Proof();
  let failure: string | undefined;
  try {
    const commands = readmeCommands();
    proof.holds(
      'the README has commands for three machines',
      commands.some(({ command }) => release.endsWith(command.split(' ')[1] ?? ' ')),
      'their release file has another name',
    );
    const from = Date.now();
    for (const command of commands) {
      process.stderr.write(`    ${command.host}# ${command.command}\n`);
      await type(command);
    }
    proof.time('all commands typed: three servers, two cells', from);
    await checkStatus(proof);
    await checkPorts(proof);
    await checkWork(proof);
  } catch (error) {
    failure = String(error);
    process.stderr.write(`    BROKE OFF ${failure}\n`);
  }
  const verdict = {
    violations: [],
    acknowledged: 0,
    unsure: 0,
    checkedRevisions: 0,
    starts: 0,
    ends: 0,
    restarts: 0,
    tasks: 0,
  };
  return { id: 0, fault, seconds: proof.seconds, figures: proof.figures, verdict, failure };
}

async function checkStatus(proof: Proof): Promise<void> {
  const status = JSON.parse(await must('h1', 'skep status -o json')) as {
    servers: { health: string }[];
    cells: { present: number };
    problems: string[];
  };
  const voters = status.servers.filter(({ health }) => health === 'leader' || health === 'follower').length;
  proof.holds('skep status: three voters', voters === servers.length, String(voters));
  proof.holds('skep status: five cells', status.cells.present === hosts.length, String(status.cells.present));
  proof.holds('skep status: no problems', status.problems.length === 0, status.problems.join('; '));
}

/** Every port that another host can reach speaks TLS 1.3 with a certificate of the cluster, and nothing else. */
async function checkPorts(proof: Proof): Promise<void> {
  const plain: string[] = [];
  const unsafe: string[] = [];
  let count = 0;
  for (const host of hosts) {
    const listening = await must(host, 'ss -Hltn');
    const ports = listening.split('\n').flatMap((line) => {
      const local = line.trim().split(/\s+/)[3] ?? '';
      const match = /^(.*):(\d+)$/.exec(local);
      return match === null || match[1]?.startsWith('127.') ? [] : [Number(match[2])];
    });
    count += ports.length;
    for (const port of ports) {
      const at = `${addressOf(host)}:${port}`;
      const spoken = await run('sh', ['-c', `openssl s_client -connect ${at} -tls1_3 </dev/null 2>&1`], {
        deadlineMs: 10_000,
      });
      if (!/issuer=.*Skep/.test(spoken.stdout)) unsafe.push(`${at} shows no certificate of the cluster`);
      const old = await run('sh', ['-c', `openssl s_client -connect ${at} -tls1_2 </dev/null 2>&1`], {
        deadlineMs: 10_000,
      });
      if (/issuer=/.test(old.stdout)) unsafe.push(`${at} speaks TLS 1.2`);
      const asked = await run(
        'curl',
        ['-s', '-m', '3', '-o', '/dev/null', '-w', '%{http_code}', `http://${at}/v1/status`],
        { deadlineMs: 10_000 },
      );
      if (/^[23]/.test(asked.stdout)) plain.push(`${at} answers plain HTTP with ${asked.stdout}`);
      const nobody = await run(
        'curl',
        ['-sk', '-m', '3', '-o', '/dev/null', '-w', '%{http_code}', `https://${at}/v1/status`],
        { deadlineMs: 10_000 },
      );
      if (nobody.stdout.startsWith('2')) plain.push(`${at} answers nobody with ${nobody.stdout}`);
    }
  }
  proof.holds(
    `each of ${count} ports of five hosts speaks TLS 1.3 and nothing older`,
    unsafe.length === 0 && count >= 9,
    unsafe.join('; '),
  );
  proof.holds('none answers plain HTTP, or who shows no certificate', plain.length === 0, plain.join('; '));
}

async function checkWork(proof: Proof): Promise<void> {
  await must('h2', `skep run proof ${image} -n 5 -p 80 --memory 16M -- httpd -f -p 80 -h /www`);
  const rows = JSON.parse(await must('h3', 'skep ps proof -o json')) as {
    cellId: string;
    address?: string;
    index: number;
  }[];
  proof.holds(
    'an instance on each of five hosts',
    new Set(rows.map(({ cellId }) => cellId)).size === 5,
    JSON.stringify(rows).slice(0, 200),
  );
  const shown = await must('h1', 'skep ps proof --no-headers');
  const addresses = [...shown.matchAll(/\b10\.0\.0\.\d+:\d+\b/g)].map(([address]) => address);
  const reached = await Promise.all(
    addresses.map((address) =>
      run('curl', ['-fsS', '-m', '5', `http://${address}/`], { deadlineMs: 10_000 }),
    ),
  );
  const good = reached.filter(({ code }) => code === 0).length;
  proof.holds(
    'each is reached at its ADDRESS from another host',
    good === 5,
    `${good} of ${addresses.join(' ')}`,
  );
  const entered = await must('h1', 'skep exec proof/4 -- hostname');
  proof.holds('skep exec into another host', entered.trim() !== '', entered);
  await must('h2', `skep run talk ${image} --memory 16M -- sh -c 'echo said by talk; sleep 100000'`);
  await eventually('skep logs shows what it wrote', 20_000, async () => {
    if (!(await must('h3', 'skep logs talk')).includes('said by talk')) throw new Error('not yet');
  });
  proof.holds('skep logs through another server', true);
  const refused = await shell('h4', 'skep status');
  proof.holds('a host that is a cell only has no API of its own', refused.code !== 0, refused.stdout);
  await must('h1', 'skep rm proof --yes; skep rm talk --yes');
}
