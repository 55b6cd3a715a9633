/**
 * The leader is lost → the next placement: three hosts of test/rig, and Swarm on the same hosts, in turns. Its processes
 * are killed (Skep: agent and etcd; Swarm: dockerd), asked to end, or its host loses power. At that moment something
 * new is asked for at a survivor, again and again until it is acknowledged. Clock: from the fault until that is
 * acknowledged, until it has a host, and until it runs. Without hosts it measures the kill on loopback, without Swarm.
 */
import { type Contender, insist, when, whenWhole } from './hosts/contender.ts';
import { measureOnLoopback } from './hosts/loopback-failover.ts';
import { isOnHosts, measureOnHosts, rig, whyNoHosts } from './hosts/rig.ts';
import { skepOnHosts } from './hosts/skep.ts';
import { swarmOnHosts } from './hosts/swarm.ts';
import { type BenchOptions, type Figures, type Measured, median } from './report.ts';

/** Kill → has a host. */
export const ratioOf = { figure: 'seconds', better: 'less' } as const;

const hosts = ['h1', 'h2', 'h3'] as const;

const restart = (contender: Contender, host: string): Promise<void> => contender.startProcesses(host);

/** `strike` resolves once the leader can do nothing more, or has been asked to end. */
const faults = {
  killed: {
    strike: (contender: Contender, host: string) => contender.stopProcesses(host, 'KILL'),
    mend: restart,
  },
  ended: {
    strike: (contender: Contender, host: string) => contender.stopProcesses(host, 'TERM'),
    mend: restart,
  },
  'without power': {
    // Its frames vanish; that everything on it dies is not waited for.
    strike: async (_contender: Contender, host: string) => void (await rig(['partition', host])),
    mend: async (_contender: Contender, host: string) => {
      await rig(['kill', host]);
      await rig(['heal', host]);
      await rig(['start', host], 180_000);
    },
  },
} as const;
type Fault = keyof typeof faults;

/** In seconds after the fault. */
interface Failover {
  readonly acknowledged: number;
  readonly placed: number;
  readonly running: number;
}

export async function measure(options: BenchOptions): Promise<Measured> {
  if (isOnHosts()) return measureHere(options);
  const reason = await whyNoHosts();
  if (reason === undefined) return measureOnHosts('failover', hosts.length, options);
  options.say(`on loopback and without Swarm, because ${reason}`);
  return measureOnLoopback(options);
}

async function measureHere({ quick, say }: BenchOptions): Promise<Measured> {
  const samples = quick ? 1 : 5;
  const contenders = [await skepOnHosts(hosts), await swarmOnHosts(hosts)];
  const found = new Map<string, Failover[]>();
  for (let round = 0; round < samples; round++) {
    for (const fault of Object.keys(faults) as Fault[]) {
      for (const contender of contenders) {
        await whenWhole(contenders);
        const took = await failOver(contender, fault, `${fault.replace(' ', '-')}-${round}`);
        say(`${contender.name}: leader ${fault}: ${shown(took)}`);
        const key = `${contender.name} ${fault}`;
        found.set(key, [...(found.get(key) ?? []), took]);
      }
    }
  }
  const figures = (name: string): Figures => summary((fault) => found.get(`${name} ${fault}`) ?? []);
  return { ours: figures('skep'), peers: { swarm: figures('swarm') }, samples };
}

function summary(of: (fault: Fault) => readonly Failover[]): Figures {
  const each = (fault: Fault, what: keyof Failover): number[] => of(fault).map((took) => took[what]);
  return {
    seconds: median(each('killed', 'placed')),
    max_seconds: Math.max(...each('killed', 'placed')),
    write_s: median(each('killed', 'acknowledged')),
    running_s: median(each('killed', 'running')),
    ended_seconds: median(each('ended', 'placed')),
    ended_max_seconds: Math.max(...each('ended', 'placed')),
    power_seconds: median(each('without power', 'placed')),
    power_max_seconds: Math.max(...each('without power', 'placed')),
    power_write_s: median(each('without power', 'acknowledged')),
    power_running_s: median(each('without power', 'running')),
  };
}

const shown = ({ acknowledged, placed, running }: Failover): string =>
  `acknowledged after ${acknowledged.toFixed(2)} s, placed ${placed.toFixed(2)} s, runs ${running.toFixed(2)} s`;

async function failOver(contender: Contender, fault: Fault, service: string): Promise<Failover> {
  const [survivor = ''] = contender.servers;
  const leader = await contender.leader(survivor);
  const [at = ''] = contender.servers.filter((host) => host !== leader);
  const startedAt = performance.now();
  await faults[fault].strike(contender, leader);
  // Who was asked to end may still lead for a moment, and well: what counts is the next one.
  if (fault === 'ended') await when('another one leads', async () => (await contender.leader(at)) !== leader);
  const acknowledgedAt = await insist(`${service} is acknowledged`, () => contender.desire(service, 1, at));
  const placedAt = await when(
    `${service} has a host`,
    async () => (await contender.slots(service, at)).length === 1,
  );
  const runningAt = await when(`${service} runs`, async () =>
    (await contender.slots(service, at)).some((slot) => slot.running && slot.host !== leader),
  );
  await faults[fault].mend(contender, leader);
  await insist(`${service} is removed`, () => contender.remove(service, at));
  const seconds = (until: number): number => (until - startedAt) / 1_000;
  return { acknowledged: seconds(acknowledgedAt), placed: seconds(placedAt), running: seconds(runningAt) };
}
