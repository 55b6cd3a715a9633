/**
 * A host is lost: five hosts of test/rig, ten web servers on them, and one host without a vote that loses its power.
 * Clock: from the power cut (the cable goes first, so that nobody gets a FIN) until the loss is known, until every
 * replacement has a host, and until every one of them answers HTTP. Then the same host loses only its cable until the
 * replacements run, and gets it back: until exactly one container of each index runs. Swarm on the same hosts, in turns.
 */
import { answers, type Contender, insist, type Slot, when, whenWhole } from './hosts/contender.ts';
import { addressOf, isOnHosts, measureOnHosts, rig } from './hosts/rig.ts';
import { skepOnHosts } from './hosts/skep.ts';
import { swarmOnHosts } from './hosts/swarm.ts';
import { type BenchOptions, type Figures, type Measured, median } from './report.ts';

export const ratioOf = { figure: 'running_s', better: 'less' } as const;

const hosts = ['h1', 'h2', 'h3', 'h4', 'h5'] as const;
/** Without a vote: what is measured is the loss of a cell, not of a leader (that is `failover`). */
const victims = ['h4', 'h5'] as const;
const instances = 10;
const asked = 'h1';

interface Loss {
  readonly noticed: number;
  readonly placed: number;
  readonly running: number;
}

interface Samples {
  readonly power: Loss[];
  readonly returned: number[];
}

export function measure(options: BenchOptions): Promise<Measured> {
  return isOnHosts() ? measureHere(options) : measureOnHosts('lost-host', hosts.length, options);
}

async function measureHere({ quick, say }: BenchOptions): Promise<Measured> {
  const samples = quick ? 1 : 5;
  const contenders = [await skepOnHosts(hosts), await swarmOnHosts(hosts)];
  const found = new Map<string, Samples>();
  for (let round = 0; round < samples; round++) {
    const victim = victims[round % victims.length] ?? victims[0];
    for (const contender of contenders) {
      await whenWhole(contenders);
      const mine = found.get(contender.name) ?? { power: [], returned: [] };
      found.set(contender.name, mine);
      const power = await losePower(contender, victim, `power-${round}`);
      say(`${contender.name}: ${victim} without power: ${shown(power)}`);
      mine.power.push(power);
      await whenWhole(contenders);
      const returned = await loseCable(contender, victim, `cable-${round}`);
      say(`${contender.name}: ${victim} is back: one of each index after ${returned.toFixed(2)} s`);
      mine.returned.push(returned);
    }
  }
  const figures = (name: string): Figures => summary(found.get(name) ?? { power: [], returned: [] });
  return { ours: figures('skep'), peers: { swarm: figures('swarm') }, samples };
}

const shown = ({ noticed, placed, running }: Loss): string =>
  `known after ${noticed.toFixed(2)} s, placed anew ${placed.toFixed(2)} s, all answer ${running.toFixed(2)} s`;

function summary({ power, returned }: Samples): Figures {
  const running = power.map((loss) => loss.running);
  return {
    noticed_s: median(power.map((loss) => loss.noticed)),
    max_noticed_s: Math.max(...power.map((loss) => loss.noticed)),
    placed_s: median(power.map((loss) => loss.placed)),
    running_s: median(running),
    max_running_s: Math.max(...running),
    returned_s: median(returned),
    max_returned_s: Math.max(...returned),
  };
}

async function losePower(contender: Contender, victim: string, service: string): Promise<Loss> {
  await startAll(contender, service);
  const cutAt = performance.now();
  const cut = rig(['kill', victim]);
  const loss = await watchLoss(contender, victim, service, cutAt);
  await cut;
  await rig(['start', victim], 180_000);
  await removeAll(contender, service);
  return loss;
}

async function loseCable(contender: Contender, victim: string, service: string): Promise<number> {
  await startAll(contender, service);
  const cutAt = performance.now();
  await rig(['partition', victim]);
  await watchLoss(contender, victim, service, cutAt);
  const healedAt = performance.now();
  await rig(['heal', victim]);
  const single = await when('one container of each index', async () => {
    const running = await Promise.all(hosts.map((host) => contender.containers(service, host)));
    const indexes = running.flat();
    return indexes.length === instances && new Set(indexes).size === instances;
  });
  await removeAll(contender, service);
  return (single - healedAt) / 1_000;
}

/** Everything runs, answers, and the hosts have their share. */
async function startAll(contender: Contender, service: string): Promise<void> {
  await insist(`${service} is acknowledged`, () => contender.desire(service, instances, asked));
  await when(`${service} answers`, async () => {
    const slots = await contender.slots(service, asked);
    return slots.length === instances && (await allAnswer(slots));
  });
}

async function removeAll(contender: Contender, service: string): Promise<void> {
  await insist(`${service} is removed`, () => contender.remove(service, asked));
  await when(`the containers of ${service} are gone`, async () => {
    const running = await Promise.all(hosts.map((host) => contender.containers(service, host)));
    return running.flat().length === 0;
  });
}

/** In seconds after the cut. */
async function watchLoss(
  contender: Contender,
  victim: string,
  service: string,
  cutAt: number,
): Promise<Loss> {
  const lost = (await contender.slots(service, asked)).filter((slot) => slot.host === victim);
  if (lost.length === 0) throw new Error(`${victim} had nothing of ${service}: nothing to measure`);
  const indexes = new Set(lost.map((slot) => slot.index));
  const anew = async (): Promise<Slot[]> =>
    (await contender.slots(service, asked)).filter((slot) => indexes.has(slot.index) && slot.host !== victim);
  const noticed = when(`${contender.name} knows that ${victim} is lost`, () =>
    contender.isLost(victim, asked),
  );
  const placed = when('every replacement has a host', async () => (await anew()).length === indexes.size);
  const running = when('every replacement answers', async () => {
    const slots = await anew();
    return slots.length === indexes.size && (await allAnswer(slots));
  });
  const seconds = (await Promise.all([noticed, placed, running])).map((at) => (at - cutAt) / 1_000);
  const [noticedS, placedS, runningS] = seconds as [number, number, number];
  return { noticed: noticedS, placed: placedS, running: runningS };
}

async function allAnswer(slots: readonly Slot[]): Promise<boolean> {
  if (!slots.every((slot) => slot.running && slot.port !== undefined)) return false;
  const heard = await Promise.all(slots.map((slot) => answers(addressOf(slot.host), slot.port ?? 0)));
  return heard.every((ok) => ok);
}
