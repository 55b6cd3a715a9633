/**
 * How a command is written, and what is said to whoever wrote it otherwise: commander's refusals as errors of the
 * catalogue, with the word that was wrong and how it would be right. Used by main.ts.
 */
import type { Command, CommanderError } from 'commander';
import { SkepError } from '../base/core/errors.ts';

/** `skep task run`. */
export function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

/** As manuals write it: `skep stop [OPTIONS] NAME`. */
export function usageOf(command: Command): string {
  return `${pathOf(command)} ${command.usage()}`
    .replace(
      /<([a-z]+)(\.\.\.)?>/g,
      (_, name: string, more?: string) => name.toUpperCase() + (more ? '…' : ''),
    )
    .replace(/\[[a-z]+\]/g, (part) => part.toUpperCase());
}

/** What commander refuses, as `InvalidRequest`; help and version, which end a command as well, stay what they are. */
export function wrongUse(command: Command, error: CommanderError): Error {
  if (error.exitCode === 0 || error.code === 'commander.help') return error;
  const [said = '', suggestion = ''] = error.message.replace(/^error: /, '').split('\n');
  const meant = /^\(Did you mean (.*)\?\)$/.exec(suggestion)?.[1];
  const hints = [
    ...(meant === undefined ? [] : [`did you mean ${meant}?`]),
    `usage: ${usageOf(command)}`,
    `('${pathOf(command)} --help' tells more)`,
  ];
  return new SkepError('InvalidRequest', reasonOf(command, error.code, said), { hint: hints.join(' ') });
}

function reasonOf(command: Command, code: string, said: string): string {
  switch (code) {
    case 'commander.excessArguments':
      return surplusOf(command);
    case 'commander.unknownCommand':
      return `there is no command ${JSON.stringify([...pathOf(command).split(' ').slice(1), command.args[0]].join(' '))}`;
    case 'commander.missingArgument':
      return missingArgument(command) ?? said;
    case 'commander.missingMandatoryOptionValue':
      return missingOption(command) ?? said;
    case 'commander.optionMissingArgument':
      return said.replace(/^option '(.*)' argument missing$/, '$1: its value is missing');
    default:
      return said;
  }
}

function surplusOf(command: Command): string {
  const takes = command.registeredArguments.length;
  const surplus = command.args.slice(takes).map((word) => JSON.stringify(word));
  const most = takes === 0 ? 'no argument' : `${takes} argument${takes === 1 ? '' : 's'} at most`;
  return `${pathOf(command)} takes ${most}: ${surplus.join(' ')} is too much`;
}

function missingArgument({ registeredArguments, args }: Command): string | undefined {
  const missing = registeredArguments.find(
    (argument, index) => argument.required && args[index] === undefined,
  );
  if (missing === undefined) return undefined;
  const { description } = missing;
  const name = missing.name().toUpperCase();
  return description === '' || description === name
    ? `${name} is missing`
    : `${name} is missing: ${description}`;
}

function missingOption(command: Command): string | undefined {
  const missing = command.options.find(
    (option) => option.mandatory && command.getOptionValue(option.attributeName()) === undefined,
  );
  if (missing === undefined) return undefined;
  const { long, flags, argChoices, description } = missing;
  const right = argChoices === undefined ? description : `one of ${argChoices.join(', ')}`;
  return `${long ?? flags} is missing: ${right}`;
}
