/** Who is asked when, and whose answer counts. */
import { expect, test } from 'vitest';
import { inTurn, type Turn } from './in-turn.ts';

interface Script {
  readonly turn: Turn<string>;
  answer(text: string): void;
  fail(text: string): void;
  fallSilent(): void;
}

const asked: string[] = [];

function script(name: string): Script {
  const result = Promise.withResolvers<string>();
  const silence = Promise.withResolvers<void>();
  const ask = (): Promise<string> => {
    asked.push(name);
    return result.promise;
  };
  return {
    turn: { ask, silence: () => silence.promise },
    answer: result.resolve,
    fail: (text) => result.reject(new Error(text)),
    fallSilent: silence.resolve,
  };
}

function begin(names: string) {
  asked.length = 0;
  const scripts = names.split('').map(script) as [Script, ...Script[]];
  const [first, ...others] = scripts.map(({ turn }) => turn) as [Turn<string>, ...Turn<string>[]];
  const isFinal = (error: unknown): boolean => String(error).includes('final');
  return { scripts, over: inTurn([first, ...others], isFinal) };
}

const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
};

test('the next is asked once the one before has failed, and not before', async () => {
  const { scripts, over } = begin('abc');
  await turns();
  expect(asked).toEqual(['a']);
  scripts[0].fail('away');
  await turns();
  expect(asked).toEqual(['a', 'b']);
  scripts[1]?.answer('from b');
  await expect(over).resolves.toBe('from b');
  expect(asked).toEqual(['a', 'b']);
});

test('one that falls silent is still heard while the next is asked', async () => {
  const { scripts, over } = begin('ab');
  scripts[0].fallSilent();
  await turns();
  expect(asked).toEqual(['a', 'b']);
  scripts[0].answer('from a');
  await expect(over).resolves.toBe('from a');
});

test('an answer that settles the matter ends it, whoever is still asked', async () => {
  const { scripts, over } = begin('abc');
  scripts[0].fallSilent();
  await turns();
  scripts[1]?.fail('final');
  await expect(over).rejects.toThrow('final');
  expect(asked).toEqual(['a', 'b']);
});

test('when everybody has failed, the last reason is the failure', async () => {
  const { scripts, over } = begin('ab');
  scripts[0].fail('a is away');
  await turns();
  scripts[1]?.fail('b is away');
  await expect(over).rejects.toThrow('b is away');
});

test('one that keeps silent is not waited for once the others have failed', async () => {
  const { scripts, over } = begin('abc');
  scripts[0].fallSilent();
  await turns();
  scripts[1]?.fail('b is away');
  await turns();
  expect(asked).toEqual(['a', 'b', 'c']);
  scripts[2]?.fail('c is away');
  await expect(over).rejects.toThrow('c is away');
});

test('neither is the last one, when somebody has failed', async () => {
  const { scripts, over } = begin('ab');
  scripts[0].fail('a is away');
  await turns();
  scripts[1]?.fallSilent();
  await expect(over).rejects.toThrow('a is away');
});

test('the last one is waited for, however silent', async () => {
  const { scripts, over } = begin('a');
  scripts[0].fallSilent();
  await turns();
  scripts[0].answer('late');
  await expect(over).resolves.toBe('late');
});

test('the wait for silence ends with the answer', async () => {
  const ends: boolean[] = [];
  const first: Turn<string> = {
    ask: async () => 'at once',
    silence: (signal) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => {
          ends.push(true);
          resolve();
        });
      }),
  };
  await expect(inTurn([first, first], () => false)).resolves.toBe('at once');
  expect(ends).toEqual([true]);
});
