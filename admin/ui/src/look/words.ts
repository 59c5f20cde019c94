/** The API's identifiers in words a marketer reads. An identifier not known here is shown as plain words, never hidden. */
import { findWords, lookWords, shownLanguage } from '../i18n/said';

/** "demo_request/ask-size" as "Demo request / ask size". */
export function plainWords(identifier: string): string {
  const words = identifier.replace(/[_-]+/g, ' ').replace(/\s*[/.]\s*/g, ' / ').trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export function channelName(channel: string): string {
  return findWords('look', `channel_${channel}`) ?? plainWords(channel);
}

export function consentEventName(event: string): string {
  return findWords('look', `consent_event_${event}`) ?? plainWords(event);
}

export function consentStateName(state: string): string {
  return findWords('look', `consent_state_${state}`) ?? plainWords(state);
}

export function purposeName(purpose: string): string {
  return findWords('look', `purpose_${purpose}`) ?? plainWords(purpose);
}

/** How far somebody is, from first to last. */
export const STAGES = ['visitor', 'lead', 'mql', 'sql', 'customer', 'disqualified'] as const;

export function stageName(stage: string): string {
  return findWords('look', `stage_${stage}`) ?? plainWords(stage);
}

/** What happened, in words. The catalogue `event_kinds` is loaded by the page that shows it. */
export function eventKindName(kind: string): string {
  return findWords('event_kinds', kind) ?? plainWords(kind);
}

const WAYS = { keyword: 'method_keyword', chat: 'method_words', words: 'method_words', preferences: 'method_preferences' } as const;

/** How a consent event came about. Opting out carries its channel: "web_keyword" is a stop word in the web chat. */
export function methodName(method: string): string {
  const [, channel, way] = /^(\w+)_(keyword|chat|words|preferences)$/.exec(method) ?? [];
  if (channel && way) return lookWords(WAYS[way as keyof typeof WAYS], { channel: channelName(channel) });
  return findWords('look', `method_${method}`) ?? lookWords('method_by', { method: plainWords(method).toLowerCase() });
}

/** "German" for "de"; the tag itself when it is not one the browser knows; empty when nobody knows the language. */
export function languageName(tag: string): string {
  if (tag === 'und') return '';
  try {
    return new Intl.DisplayNames(shownLanguage(), { type: 'language' }).of(tag) ?? tag;
  } catch {
    return tag;
  }
}

/** A captured value of any JSON kind as one line. */
export function valueInWords(value: unknown): string {
  if (value === null || value === undefined || value === '') return '–';
  if (typeof value === 'boolean') return lookWords(value ? 'yes' : 'no');
  if (Array.isArray(value)) return value.map(valueInWords).join(', ');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
