/** The time zones that can be chosen, by the names that browsers and the server share. */
import type { Choice } from '../look/Choose';

/** The browser's own; null where it does not say. */
export function ownZone(): string | null {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || null;
}

/** All the browser knows, its own and the one that is kept among them, with their places to read. */
export function listZones(kept: string | null): Choice[] {
  const known = new Set(Intl.supportedValuesOf('timeZone'));
  for (const zone of [ownZone(), kept]) if (zone) known.add(zone);
  return [...known].sort().map((value) => ({ value, label: value.replaceAll('_', ' ') }));
}
