/** All sections, in the order of the reference. */
import type { Section } from './behaviour.ts';
import { actions, agentContract, consoles, environment, limits } from './containers.ts';
import { crashes, healthChecks } from './health.ts';
import { lrpOperations, scaling } from './lrps.ts';
import { controlPlane, identity, logsAndMetrics } from './operations.ts';
import { images, networking, placement } from './platform.ts';
import { cellLoss, convergence, domains, evacuation, events } from './recovery.ts';
import { taskCancellation, taskRetries, taskRuns } from './tasks.ts';

export const sections: readonly Section[] = [
  taskRuns,
  taskCancellation,
  taskRetries,
  lrpOperations,
  scaling,
  crashes,
  healthChecks,
  actions,
  environment,
  limits,
  agentContract,
  consoles,
  evacuation,
  cellLoss,
  convergence,
  domains,
  events,
  placement,
  images,
  networking,
  logsAndMetrics,
  identity,
  controlPlane,
];
