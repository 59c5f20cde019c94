/** Condenses a lead's consents; it only words what the ledger says and decides nothing. */
import type { Consent } from '../api/types';
import { lookWords } from '../i18n/said';
import { channelName, purposeName } from '../look/words';

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
  const summaries = new Map<string, ConsentSummary>();
  for (const { purpose, channel, state } of consents) {
    if (state === 'none') continue;
    const needsPurpose = consents.some((other) => other.channel === channel && other.state !== 'none' && other.state !== state);
    const key = needsPurpose ? `${channel}/${state}/${purpose}` : `${channel}/${state}`;
    const before = summaries.get(key);
    const purposes = before ? `${before.purposes}, ${purposeName(purpose)}` : purposeName(purpose);
    const answer = lookWords(`consent_on_${state}`, { channel: channelName(channel) });
    summaries.set(key, { key, state, label: needsPurpose ? lookWords('consent_for', { purpose: purposeName(purpose), answer }) : answer, purposes });
  }
  return [...summaries.values()];
}

const ALL = 'all';

/**
 * How things stand for one purpose on one channel; null when nothing is recorded.
 * A no to `all` covers whatever is not named beside it, as in the ledger; a yes never does.
 */
export function consentFor(consents: readonly Consent[], purpose: string, channel: string): Consent['state'] | null {
  const exact = consents.find((consent) => consent.purpose === purpose && consent.channel === channel);
  if (exact) return exact.state;
  const covers = (wide: Consent) => [ALL, purpose].includes(wide.purpose) && [ALL, channel].includes(wide.channel);
  return consents.find((consent) => covers(consent) && isDenial(consent.state))?.state ?? null;
}

function isDenial(state: Consent['state']): boolean {
  return state === 'refused' || state === 'withdrawn';
}
