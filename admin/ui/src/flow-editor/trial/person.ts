/** The made-up person of a trial: what is asked about them, and what of it is sent. Pure. */
import type { Document } from '../model/document';
import { entriesOf, ENTERING } from '../model/ways';
import type { TrialWish } from '../shapes';

export const DEEDS = ['event', 'replies', 'withdraws', 'opts_out', 'handed_off'] as const;
export type DeedKind = (typeof DEEDS)[number];
export const DEED_UNITS = { minute: 60, hour: 3_600, day: 86_400 } as const; // seconds
export type DeedUnit = keyof typeof DEED_UNITS;

export interface Deed {
  readonly kind: DeedKind;
  readonly event: string;
  readonly after: number;
  readonly unit: DeedUnit;
}

export interface Fact {
  readonly name: string;
  readonly value: string;
}

/** `agreed` are the channels they agreed to be written to on. `answers` are outcomes by step; '' answers nothing. */
export interface Person {
  readonly entry: string | null;
  readonly language: string;
  readonly zone: string;
  readonly country: string;
  readonly channels: readonly string[];
  readonly agreed: readonly string[];
  readonly facts: readonly Fact[];
  readonly deeds: readonly Deed[];
  readonly answers: Readonly<Record<string, string>>;
}

const TALKING = new Set(['converse', 'call']);
const PLACEHOLDER = /\{\{[ \t]*([a-z][a-z0-9_]*)/g;
const ANSWERS_AFTER = 7_200; // seconds

/** Everything that the journey writes on, in the order of the steps. */
export function channelsOf({ steps }: Document): string[] {
  const named = steps.flatMap((step) => (step.step === 'call' ? ['voice'] : Array.isArray(step.channels) ? step.channels.map(String) : []));
  return [...new Set(named)];
}

export function talksOf({ steps }: Document): string[] {
  return steps.filter((step) => TALKING.has(step.step)).map(({ id }) => id);
}

/** The steps at which somebody can be put in. */
export function waysIn({ steps }: Document): string[] {
  const entering = steps.filter((step) => ENTERING.has(step.step)).map(({ id }) => id);
  return entering.length > 0 ? entering : entriesOf(steps);
}

/** What the letters ask for by name. */
export function askedIn(document: Document, language: string): string[] {
  const words = JSON.stringify(document.wording[language] ?? {});
  return [...new Set([...words.matchAll(PLACEHOLDER)].map((found) => found[1] ?? ''))].filter(Boolean).sort();
}

export function firstPerson(document: Document, language: string): Person {
  const channels = channelsOf(document).filter((channel) => channel !== 'web');
  const reached = channels.length > 0 ? channels : ['email'];
  return {
    entry: waysIn(document)[0] ?? null, language, zone: Intl.DateTimeFormat().resolvedOptions().timeZone, country: 'GB', channels: reached, agreed: reached,
    facts: askedIn(document, language).map((name) => ({ name, value: '' })), deeds: [], answers: {},
  };
}

export function wishOf(person: Person, document: Document): NonNullable<TrialWish['person']> {
  const purpose = typeof document.settings.purpose === 'string' ? document.settings.purpose : 'marketing';
  const agreed = person.agreed.filter((channel) => person.channels.includes(channel));
  return {
    entry: person.entry, language: person.language, time_zone: person.zone, country: person.country, channels: person.channels as Channels, stage: 'lead', tags: [], scores: {},
    segments: [], suppressed: [], variants: {}, connectors: {}, held_out: false,
    consents: Object.fromEntries(agreed.map((channel) => [`${purpose}/${channel}`, 'given' as const])),
    fields: Object.fromEntries(person.facts.filter(({ name, value }) => name && value).map(({ name, value }) => [name, valueOf(value)])),
    deeds: person.deeds.filter(({ kind, event }) => kind !== 'event' || event).map((deed) => deedOf(deed, `${purpose}/${agreed[0] ?? person.channels[0] ?? 'email'}`)),
    answers: Object.fromEntries(Object.entries(person.answers).filter(([, outcome]) => outcome).map(([step, outcome]) => [step, { outcome, after_seconds: ANSWERS_AFTER }])),
  };
}

type Wish = NonNullable<TrialWish['person']>;
type Channels = Wish['channels'];

function deedOf({ kind, event, after, unit }: Deed, consent: string): NonNullable<Wish['deeds']>[number] {
  const nothing = { event: null, data: {}, conversation: null, joins: null, leaves: null, sets: {}, withdraws: null, opts_out: false, replies: false, handed_off: false };
  const done = { event: { event }, replies: { replies: true }, withdraws: { withdraws: consent }, opts_out: { opts_out: true }, handed_off: { handed_off: true } }[kind];
  return { ...nothing, after_seconds: Math.round(after * DEED_UNITS[unit]), ...done };
}

/** Numbers and yes or no are told as such. */
function valueOf(written: string): string | number | boolean {
  const plain = written.trim();
  if (plain === 'true' || plain === 'false') return plain === 'true';
  return /^-?\d{1,12}(\.\d{1,6})?$/.test(plain) ? Number(plain) : plain;
}

/** What a letter's step sends, told by its channels; used where the letter is previewed. */
export function purposeOf(settings: Readonly<Record<string, unknown>>): 'marketing' | 'service' | 'profiling' | 'special_category' {
  const { purpose } = settings;
  return purpose === 'service' || purpose === 'profiling' || purpose === 'special_category' ? purpose : 'marketing';
}
