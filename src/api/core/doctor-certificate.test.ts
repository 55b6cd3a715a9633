import { expect, test } from 'vitest';
import {
  certificateChecks,
  contextChecks,
  type HostCertificateFacts,
  trustChecks,
} from './doctor-certificate.ts';

const dayMs = 86_400_000;
const now = 1_700_000_000_000;

const facts = (given: Partial<HostCertificateFacts> = {}): HostCertificateFacts => ({
  certificates: [{ what: 'api', isAuthority: false, notBefore: now - dayMs, notAfter: now + 20 * dayMs }],
  name: 'host-a',
  certifiedName: 'host-a',
  missingAddress: undefined,
  looseFiles: [],
  ...given,
});
const ending = (leftMs: number, isAuthority = false) =>
  facts({ certificates: [{ what: 'api', isAuthority, notBefore: now - dayMs, notAfter: now + leftMs }] });

test('a host without TLS has nothing to check', () => expect(certificateChecks(undefined, now)).toEqual([]));

test.each([
  [20 * dayMs, { verdict: 'ok', value: 'good for 20 d' }],
  [7 * dayMs, { verdict: 'warn', value: 'good for 7 d', remedy: expect.stringContaining('not_renewed') }],
  [-dayMs, { verdict: 'bad', value: 'expired 1 d ago', remedy: expect.stringContaining('token') }],
])('a certificate that ends in %s ms', (leftMs, expected) => {
  expect(certificateChecks(ending(leftMs), now)[0]).toMatchObject({ id: 'certificate.api', ...expected });
});

test('an authority in its last year is to be changed while there is time', () => {
  expect(certificateChecks(ending(300 * dayMs, true), now)[0]).toMatchObject({
    verdict: 'warn',
    remedy: expect.stringContaining('rotate-ca start'),
  });
  expect(certificateChecks(ending(400 * dayMs, true), now)[0]?.verdict).toBe('ok');
});

test('a certificate of the future shows a wrong clock, another name a wrong host, another address its own', () => {
  const early = { what: 'etcd', isAuthority: false, notBefore: now + 60_000, notAfter: now + 20 * dayMs };
  const found = certificateChecks(
    facts({ certificates: [early], certifiedName: 'host-b', missingAddress: '10.0.0.9' }),
    now,
  );
  const bad = found.filter(({ verdict }) => verdict === 'bad').map(({ id }) => id);
  expect(bad).toEqual(['certificate.clock', 'certificate.name', 'certificate.address']);
  for (const check of found) if (check.verdict === 'bad') expect(check.remedy).toBeTruthy();
});

test('keys that others may read', () => {
  const looseFiles = [{ file: '/d/pki/host.json', mode: '0644' }];
  expect(certificateChecks(facts({ looseFiles }), now).at(-1)).toMatchObject({
    verdict: 'bad',
    value: '/d/pki/host.json is 0644',
    remedy: expect.stringContaining('chmod go= /d/pki/host.json'),
  });
});

test('a change of the authorities is told, and one that was forgotten is a warning', () => {
  const trust = {
    v: 1,
    epoch: 2,
    phase: 'reissue',
    isBack: false,
    startedAt: now - dayMs,
    startedBy: 'olga',
    at: now - dayMs,
  } as const;
  expect(trustChecks(undefined, now)).toEqual([]);
  expect(trustChecks({ ...trust, phase: 'steady' }, now)).toEqual([]);
  expect(trustChecks(trust, now)).toMatchObject([
    { verdict: 'ok', value: expect.stringContaining('reissue') },
  ]);
  expect(trustChecks(trust, now + 7 * dayMs)).toMatchObject([{ verdict: 'warn' }]);
});

test.each([
  [{ endsAt: now + 20 * dayMs, notBefore: now - 1, renews: true }, 'ok', 'renews itself'],
  [{ endsAt: now + 2 * dayMs, notBefore: now - 1, renews: true }, 'ok', 'good for 2 d'],
  [{ endsAt: now + 2 * dayMs, notBefore: now - 1, renews: false }, 'warn', 'good for 2 d'],
  [{ endsAt: now - dayMs, notBefore: now - 2 * dayMs, renews: true }, 'bad', 'expired 1 d ago'],
  [{ endsAt: now + dayMs, notBefore: now + 60_000, renews: true }, 'bad', 'clock is behind'],
] as const)('the certificate of a context: %j', (context, verdict, value) => {
  expect(contextChecks(context, now)).toMatchObject([{ verdict, value: expect.stringContaining(value) }]);
});
