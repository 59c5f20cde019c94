/** What a lead is called when parts of what we know are missing. Pure. */
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
  return lead.name || lead.email || lead.phone || 'Visitor';
}

/** The line below the name, without repeating it. */
export function leadSubtitle(lead: Known): string {
  const known = [lead.company, lead.email, lead.email ? null : lead.phone].filter((part) => part && part !== leadName(lead));
  return known.join(' · ') || (lead.channel ? channelName(lead.channel) : '');
}

/** One or two letters for the avatar. */
export function initials(lead: Known): string {
  const words = leadName(lead).split('@')[0]?.split(/[\s._-]+/).filter((word) => /^[\p{L}\p{N}]/u.test(word)) ?? [];
  const letters = [words[0], words.length > 1 ? words.at(-1) : undefined].map((word) => [...(word ?? '')][0] ?? '');
  return letters.join('').toUpperCase() || '?';
}
