/** Condenses a lead's consents. Pure; it only words what the ledger says and decides nothing. */
import type { Consent } from '../api/types';
import { channelName, consentStateName, plainWords } from '../look/words';

export interface ConsentSummary {
  key: string;
  state: Consent['state'];
  label: string;
  purposes: string;
}

/** One line a channel and state, such as "E-mail given"; what was never asked is left out. */
export function summariseConsents(consents: readonly Consent[]): ConsentSummary[] {
  const summaries = new Map<string, ConsentSummary>();
  for (const { purpose, channel, state } of consents) {
    if (state === 'none') continue;
    const key = `${channel}/${state}`;
    const label = `${channelName(channel)} ${consentStateName(state).toLowerCase()}`;
    const before = summaries.get(key);
    const purposes = before ? `${before.purposes}, ${plainWords(purpose)}` : plainWords(purpose);
    summaries.set(key, { key, state, label, purposes });
  }
  return [...summaries.values()];
}
