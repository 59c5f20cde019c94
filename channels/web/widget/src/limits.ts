/** Decides whether a text may be sent: the server's limits, checked before the visitor waits for a refusal. Pure. */

import { MAX_FRAME, MAX_TEXT } from "./protocol";

const COUNTER_FROM = MAX_TEXT - 400;
const FRAME_OVERHEAD = 200; // bytes for type, client_id and quoting of the frame around the text

// Control characters but tab and line feed, and halves of a character: the server refuses or drops them.
const UNSENDABLE = /[\0-\x08\x0b-\x1f\x7f-\x9f\p{Cs}]/gu;

/** What is really sent of a text; empty when nothing of it can be. */
export function cleanText(text: string): string {
  return text.replace(/\r\n?/g, "\n").replace(UNSENDABLE, "").trim();
}

export function countCharacters(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

export function isTooLong(text: string): boolean {
  const body = cleanText(text);
  if (body.length <= MAX_TEXT / 2) return false;
  return countCharacters(body) > MAX_TEXT || new TextEncoder().encode(JSON.stringify(body)).length > MAX_FRAME - FRAME_OVERHEAD;
}

/** The counter's text, or null while the end is far. */
export function describeLength(text: string): string | null {
  const count = text.length < COUNTER_FROM ? 0 : countCharacters(cleanText(text));
  return count < COUNTER_FROM ? null : `${count.toLocaleString("en")} / ${MAX_TEXT.toLocaleString("en")}`;
}
