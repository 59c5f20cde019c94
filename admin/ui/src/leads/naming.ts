/** What a lead is called when parts of what we know are missing. */
import { lookWords } from '../i18n/said';
import { channelName } from '../look/words';

interface Known {
  name: string | null;
  email: string | null;
  phone?: string | null;
  company?: string | null;
  channel?: string;
}

/** The best name there is; "Visitor" for somebody who said nothing yet. */
export function leadName(lead: Known): string {
  return lead.name || lead.email || lead.phone || lookWords('visitor');
}

/** The line below the name, without repeating it. */
export function leadSubtitle(lead: Known): string {
  const known = [lead.company, lead.email, lead.email ? null : lead.phone].filter((part) => part && part !== leadName(lead));
  return known.join(' · ') || (lead.channel ? channelName(lead.channel) : '');
}

/** The first letters of first and last name; empty for a lead without a name. */
export function initials({ name }: Pick<Known, 'name'>): string {
  const words = (name ?? '').split(/[\s.-]+/).filter((word) => /^\p{L}/u.test(word));
  const ends = words.length > 1 ? [words[0], words.at(-1)] : words;
  return ends.map((word) => [...(word ?? '')][0]).join('').toUpperCase();
}
