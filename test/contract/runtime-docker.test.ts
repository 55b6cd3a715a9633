/** The Docker adapter on the real engine: the contract, and what only real containers can show. */

import { dockerRuntime } from '../../src/agent/docker/docker-runtime.ts';
import { silentLog } from '../../src/base/log.ts';
import { systemClock } from '../../src/base/node/system-clock.ts';
import { ensureTestImage, freePort, removeContainersOf, testImage, uniqueClusterId } from '../kit/docker.ts';
import { startRegistry } from '../kit/registry.ts';
import { runtimeContract } from './runtime.contract.ts';

runtimeContract('docker', async () => {
  await ensureTestImage();
  const registry = await startRegistry();
  const clusterId = uniqueClusterId();
  return {
    runtime: dockerRuntime({ clock: systemClock, log: silentLog }),
    clusterId,
    image: testImage,
    unknownImage: `${registry.host}/team/nothing:9`,
    programs: {
      obedient: ['sh', '-c', 'trap "exit 0" TERM; sleep 3600 & wait $!'],
      // The kernel delivers no signal to process 1 that it has no handler for.
      stubborn: ['sleep', '3600'],
      exits: (status) => ['sh', '-c', `exit ${status}`],
    },
    freePort,
    close: async () => {
      await removeContainersOf(clusterId);
      await registry.close();
    },
  };
});
