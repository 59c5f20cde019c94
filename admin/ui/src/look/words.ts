/** The API's identifiers in words a marketer reads. An identifier not known here is shown as plain words, never hidden. */

const CHANNELS: Record<string, string> = {
  web: 'Web chat', email: 'E-mail', sms: 'SMS', telegram: 'Telegram', voice: 'Phone call',
  all: 'Every channel', unknown: 'No conversation',
};

const STAGES: Record<string, string> = { mql: 'Marketing qualified', sql: 'Sales qualified' };

const CONSENT_EVENTS: Record<string, string> = {
  requested: 'Consent asked for', given: 'Consent given', confirmed: 'Consent confirmed', refused: 'Consent refused',
  withdrawn: 'Consent withdrawn', expired: 'Consent expired', superseded: 'Consent replaced', imported: 'Consent imported',
};

const CONSENT_STATES: Record<string, string> = { given: 'Given', refused: 'Refused', withdrawn: 'Withdrawn', none: 'No consent' };

const METHODS: Record<string, string> = {
  chat_choice: 'by a choice in the chat', chat_text: 'in own words in the chat', unsubscribe_link: 'by the unsubscribe link',
};

const LANGUAGES = new Intl.DisplayNames('en', { type: 'language' });

/** "demo_request/ask-size" as "Demo request / ask size". */
export function plainWords(identifier: string): string {
  const words = identifier.replace(/[_-]+/g, ' ').replace(/\s*[/.]\s*/g, ' / ').trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export function channelName(channel: string): string {
  return CHANNELS[channel] ?? plainWords(channel);
}

export function consentEventName(event: string): string {
  return CONSENT_EVENTS[event] ?? plainWords(event);
}

export function consentStateName(state: string): string {
  return CONSENT_STATES[state] ?? plainWords(state);
}

export function purposeName(purpose: string): string {
  return purpose === 'all' ? 'Every purpose' : plainWords(purpose);
}

export function stageName(stage: string): string {
  return STAGES[stage] ?? plainWords(stage);
}

/** How a consent event came about. Opting out carries its channel: "web_keyword" is a stop word in the web chat. */
export function methodName(method: string): string {
  const [, channel, way] = /^(\w+)_(keyword|chat)$/.exec(method) ?? [];
  if (channel) return `${way === 'keyword' ? 'by a stop word' : 'in own words'}, ${channelName(channel)}`;
  return METHODS[method] ?? `by ${plainWords(method).toLowerCase()}`;
}

/** "German" for "de"; the tag itself when it is not one the browser knows; empty when nobody knows the language. */
export function languageName(tag: string): string {
  if (tag === 'und') return '';
  try {
    return LANGUAGES.of(tag) ?? tag;
  } catch {
    return tag;
  }
}

/** A captured value of any JSON kind as one line. */
export function valueInWords(value: unknown): string {
  if (value === null || value === undefined || value === '') return '–';
  if (typeof value === 'boolean') return value ? 'Yes' : 'No';
  if (Array.isArray(value)) return value.map(valueInWords).join(', ');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
