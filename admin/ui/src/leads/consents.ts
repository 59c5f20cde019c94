/** Condenses a lead's consents. Pure; it only words what the ledger says and decides nothing. */
import type { Consent } from '../api/types';
import { channelName, consentStateName, plainWords } from '../look/words';

export interface ConsentSummary {
  key: string;
  state: Consent['state'];
  label: string;
  purposes: string;
}

/**
 * One line a channel and state, such as "E-mail given"; what was never asked is left out.
 * As soon as one channel has several answers the lines say for what: "Newsletter: E-mail refused".
 */
export function summariseConsents(consents: readonly Consent[]): ConsentSummary[] {
  const asked = consents.filter(({ state }) => state !== 'none');
  const summaries = new Map<string, ConsentSummary>();
  for (const { purpose, channel, state } of asked) {
    const needsPurpose = asked.some((other) => other.channel === channel && other.state !== state);
    const key = needsPurpose ? `${channel}/${state}/${purpose}` : `${channel}/${state}`;
    const before = summaries.get(key);
    const purposes = before ? `${before.purposes}, ${plainWords(purpose)}` : plainWords(purpose);
    const answer = `${channelName(channel)} ${consentStateName(state).toLowerCase()}`;
    summaries.set(key, { key, state, label: needsPurpose ? `${plainWords(purpose)}: ${answer}` : answer, purposes });
  }
  return [...summaries.values()];
}
