/**
 * The two nouns of which a cluster has hundreds of thousands, read the fast way: quick-read.ts. The predicates
 * repeat what the schemas in src/model say, no stricter than needed; quick-nouns.test.ts holds them to it.
 */
import { type ActualLrp, actualLrpSchema, actualStates, presences } from '../../model/actual-lrp.ts';
import { type DesiredLrp, desiredLrpSchema } from '../../model/desired-lrp.ts';
import { maxInstances } from '../../model/ids.ts';
import type { Key } from './keys.ts';
import {
  isBoolean,
  isEmptyList,
  isExactly,
  isInteger,
  isListOf,
  isNumber,
  isOneOf,
  isSpelled,
  isText,
  type QuickRead,
  quickReader,
} from './quick-read.ts';

const isGuid = isSpelled(/^[a-zA-Z0-9_-]+$/, 128);
const isHostName = isSpelled(/^[a-zA-Z0-9][a-zA-Z0-9._-]*$/, 128);
const isWhole = isInteger(Number.MIN_SAFE_INTEGER);
const isCount = isInteger(0);

const actual = quickReader<ActualLrp>(actualLrpSchema.shape, {
  v: isOneOf(1),
  guid: isGuid,
  index: isCount,
  domain: isHostName,
  presence: isOneOf(...presences),
  state: isOneOf(...actualStates),
  instanceGuid: isGuid,
  cellId: isHostName,
  home: isHostName,
  since: isNumber,
  updatedAt: isNumber,
  crashCount: isCount,
  crashReason: isText,
  netInfo: isExactly({
    address: isText,
    instanceAddress: isText,
    ports: isListOf(isExactly({ containerPort: isWhole, hostPort: isWhole })),
  }),
  containerId: isText,
  routable: isBoolean,
  checkOutput: isText,
  epoch: isText,
  modificationIndex: isCount,
});

const isMebibytes = isInteger(0, 2 ** 31);

const desired = quickReader<DesiredLrp>(
  desiredLrpSchema.shape,
  {
    v: isOneOf(1),
    guid: isGuid,
    domain: isHostName,
    instances: isInteger(0, maxInstances),
    image: isSpelled(/^[a-zA-Z0-9][a-zA-Z0-9._\-/:@]*$/, 512),
    action: isExactly({ kind: isOneOf('run'), args: isEmptyList }),
    env: isEmptyList,
    memoryMb: isMebibytes,
    diskMb: isMebibytes,
    cpuWeight: isInteger(1, 100),
    cpuMilli: isInteger(0, 1_024_000),
    maxPids: isInteger(0, 4_194_304),
    privileged: isBoolean,
    annotation: isOneOf(''),
    ports: isEmptyList,
    checks: isEmptyList,
    readinessChecks: isEmptyList,
    startTimeoutMs: isInteger(0, 86_400_000),
    stopGraceMs: isInteger(0, 3_600_000),
    placement: isExactly({
      tags: isEmptyList,
      volumeDrivers: isEmptyList,
      sticky: isBoolean,
      notWith: isEmptyList,
    }),
    priority: isInteger(-1_000, 1_000),
    fixedPorts: isEmptyList,
    generation: isInteger(1),
    epoch: isSpelled(/./s, Number.POSITIVE_INFINITY),
    modificationIndex: isCount,
    createdAt: isNumber,
    updatedAt: isNumber,
    removedAt: isNumber,
  },
  ['placement'],
);

export const quickReads: { readonly [K in Key['kind']]?: QuickRead<unknown> } = { actual, desired };
