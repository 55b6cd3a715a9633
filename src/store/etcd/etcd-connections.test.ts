import { expect, it } from 'vitest';
import { virtualClock } from '../../../test/kit/virtual-clock.ts';
import { x509Maker } from '../../base/node/x509-maker.ts';
import { Endpoint } from './etcd-connections.ts';

/** An endpoint whose certificate was just renewed, and the connections with the one before. */
async function renewed() {
  const clock = virtualClock();
  const validity = { notBefore: clock.now() - 1, notAfter: clock.now() + 1_000 };
  const { certificate, key } = await x509Maker.authority('store', validity);
  const material = () => ({
    rootCertificate: Buffer.from(certificate),
    privateKey: Buffer.from(key),
    certChain: Buffer.from(certificate),
  });
  let current = material();
  const endpoint = new Endpoint('127.0.0.1:1', clock, () => current);
  const old = endpoint.pool;
  let closed = 0;
  old.close = () => {
    closed += 1;
  };
  current = material();
  expect(endpoint.pool).not.toBe(old);
  return { clock, endpoint, closed: () => closed };
}

it('lets connections with a certificate that was renewed end after a while', async () => {
  const { clock, endpoint, closed } = await renewed();
  await clock.advance(59_000);
  expect(closed()).toBe(0);
  await clock.advance(2_000);
  endpoint.close();
  expect(closed()).toBe(1);
});

it('has no process that ends wait for them', async () => {
  const { clock, endpoint, closed } = await renewed();
  endpoint.close();
  expect(closed()).toBe(1);
  expect(clock.pendingTimers).toBe(0);
});
