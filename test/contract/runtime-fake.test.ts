/** The container engine in memory keeps the promises of a real one: what tests and the simulation stand on. */
import { systemClock } from '../../src/base/node/system-clock.ts';
import { fakeRuntime } from '../kit/fake-runtime.ts';
import { type RuntimeFixture, runtimeContract } from './runtime.contract.ts';

const image = 'test-image';
const unknownImage = 'registry.test/nothing:9';

runtimeContract('fake', async (): Promise<RuntimeFixture> => {
  const engine = fakeRuntime({
    clock: systemClock,
    onlyKnownImages: true,
    images: {
      [image]: {},
      stubborn: { ignoresSigterm: true },
      'exits 0': { exits: { afterMs: 0, code: 0 } },
      'exits 1': { exits: { afterMs: 0, code: 1 } },
      'exits 3': { exits: { afterMs: 0, code: 3 } },
    },
  });
  // The fake's containers behave by their image, real ones by their arguments.
  const runtime = new Proxy(engine, {
    get(target, name: keyof typeof engine) {
      if (name === 'create') {
        const create: typeof engine.create = (spec, how) =>
          target.create(spec.args.length === 0 ? spec : { ...spec, image: spec.args.join(' ') }, how);
        return create;
      }
      const member: unknown = target[name];
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
  let port = 40_000;
  return {
    runtime,
    clusterId: 'fake',
    image,
    unknownImage,
    programs: { obedient: [image], stubborn: ['stubborn'], exits: (status) => ['exits', String(status)] },
    freePort: () => Promise.resolve(++port),
    close: () => Promise.resolve(),
  };
});
