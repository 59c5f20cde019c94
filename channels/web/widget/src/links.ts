/** Finds web addresses in a text. Pure; only http and https ever become links. */

export interface Piece {
  readonly text: string;
  readonly href: string | null;
}

const ADDRESS = /https?:\/\/[^\s<>"'`\u202a-\u202e\u2066-\u2069]+/giu;
const TRAILING = /[.,;:!?*_~\])}»”’]+$/u;

export function splitLinks(text: string): Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  for (const match of text.matchAll(ADDRESS)) {
    const address = trimAddress(match[0]);
    const href = checkAddress(address);
    if (href === null) continue;
    if (match.index > from) pieces.push({ text: text.slice(from, match.index), href: null });
    pieces.push({ text: address, href });
    from = match.index + address.length;
  }
  if (from < text.length) pieces.push({ text: text.slice(from), href: null });
  return pieces;
}

/** The address as the browser reads it, or null when it is not an http(s) one. */
export function checkAddress(address: string | null): string | null {
  try {
    const url = new URL(address ?? "");
    return url.protocol === "https:" || url.protocol === "http:" ? url.href : null;
  } catch {
    return null;
  }
}

// A full stop after an address belongs to the sentence, but a bracket opened inside the address belongs to it.
function trimAddress(address: string): string {
  const trimmed = address.replace(TRAILING, "");
  return trimmed.includes("(") && address[trimmed.length] === ")" ? `${trimmed})` : trimmed;
}
