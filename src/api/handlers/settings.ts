/** What operators set of the brain. */
import { type BrainSettings, defaultBrainSettings } from '../../model/cell-spec.ts';
import type { Millis } from '../../model/ids.ts';
import { settingsKey } from '../../store/core/keys.ts';
import { currentState, type Handler } from '../context.ts';
import type { SettingsChange } from '../core/cell-shapes.ts';
import { journal, nounOf, put, write } from '../write.ts';

export const getSettings: Handler<'getSettings'> = async (context, _input, call) => {
  const state = await currentState(context, call.signal);
  return state.settings?.value ?? defaultBrainSettings;
};

/** Changes what is named; the rest stays as it is. */
export const updateSettings: Handler<'updateSettings'> = async (context, { body }, call) => {
  const { revision, result } = await write(context, call, [settingsKey], ([record]) => {
    const before = nounOf('settings', record) ?? defaultBrainSettings;
    const settings = changed(before, body, context.clock.now());
    if (JSON.stringify(settings) === JSON.stringify(before)) return { result: before };
    const message = `set ${Object.entries(body)
      .map(([name, value]) => `${name} to ${value}`)
      .join(', ')}`;
    const line = journal(context, call, { type: 'brain.settings', subject: 'brain', message });
    return { puts: [put(settingsKey, settings), line], result: settings };
  });
  return { revision, settings: result };
};

function changed(before: BrainSettings, change: SettingsChange, now: Millis): BrainSettings {
  const { stormConfirmForMs, ...plain } = change;
  const given = Object.fromEntries(Object.entries(plain).filter(([, value]) => value !== undefined));
  const next = { ...before, ...given };
  return stormConfirmForMs === undefined ? next : { ...next, stormConfirmedUntil: now + stormConfirmForMs };
}
