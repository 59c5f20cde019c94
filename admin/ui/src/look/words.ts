/** The API's identifiers in words a marketer reads. An identifier not known here is shown as plain words, never hidden. */

const CHANNELS: Record<string, string> = {
  web: 'Web chat', email: 'E-mail', sms: 'SMS', telegram: 'Telegram', voice: 'Phone call',
};

const CONSENT_EVENTS: Record<string, string> = {
  given: 'Consent given', refused: 'Consent refused', withdrawn: 'Consent withdrawn', none: 'Not asked',
};

const CONSENT_STATES: Record<string, string> = { given: 'Given', refused: 'Refused', withdrawn: 'Withdrawn', none: 'Not asked' };

const METHODS: Record<string, string> = {
  chat: 'in the chat', link: 'by a link', one_click: 'by one-click unsubscribe', import: 'by import', admin: 'by a colleague',
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

export function methodName(method: string): string {
  return METHODS[method] ?? `by ${plainWords(method).toLowerCase()}`;
}

/** "German" for "de"; the tag itself when it is none the browser knows or not a tag at all. */
export function languageName(tag: string): string {
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
