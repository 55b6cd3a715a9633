import { expect, test } from 'vitest';
import { pullBegun, pullMeter, pullText } from './pull-progress.ts';

test('the layers of a pull are counted from the lines of the engine', () => {
  const meter = pullMeter();
  const texts = [
    { status: 'Pulling from library/nginx', id: '1.27' },
    { status: 'Already exists', progressDetail: {}, id: 'a' },
    { status: 'Pulling fs layer', progressDetail: {}, id: 'b' },
    { status: 'Pulling fs layer', progressDetail: {}, id: 'c' },
    { status: 'Downloading', progressDetail: { current: 4_000_000, total: 20_000_000 }, id: 'b' },
    { status: 'Downloading', progressDetail: { current: 1_000_000, total: 10_000_000 }, id: 'c' },
    { status: 'Download complete', progressDetail: {}, id: 'b' },
    { status: 'Extracting', progressDetail: { current: 1, total: 20_000_000 }, id: 'b' },
    { status: 'Pull complete', progressDetail: {}, id: 'b' },
    { status: 'Digest: sha256:0' },
  ].map((line) => pullText(meter.take(line)));
  expect(texts).toEqual([
    undefined,
    '1 of 1 layer',
    '1 of 2 layers',
    '1 of 3 layers',
    '1 of 3 layers, 4 of 20 MB',
    '1 of 3 layers, 5 of 30 MB',
    '1 of 3 layers, 21 of 30 MB',
    '1 of 3 layers, 21 of 30 MB',
    '2 of 3 layers, 21 of 30 MB',
    '2 of 3 layers, 21 of 30 MB',
  ]);
});

test('lines that make no sense change nothing, and layers are bounded', () => {
  const meter = pullMeter();
  for (const line of [null, 7, 'text', [], { id: 3, status: 'Waiting' }, { id: 'a' }, { status: 'Waiting' }])
    expect(meter.take(line)).toEqual(pullBegun);
  const odd = { id: 'a', status: 'Downloading', progressDetail: { current: 'x', total: -1 } };
  expect(meter.take(odd)).toEqual({ ...pullBegun, layers: 1 });
  for (let id = 0; id < 1_000; id++) meter.take({ id: `l${id}`, status: 'Waiting' });
  expect(meter.take(undefined).layers).toBe(512);
});
