/** Until when messages wait for the browser that left a number (`crm.contacts.number_challenges`: patience and aftermath). */
const MILLISECONDS = 75 * 60_000;

/** Whether nothing goes to a number yet that has waited since then; later only what a chat on the site brought about does not. */
export function isAwaited(since: string, now = Date.now()): boolean {
  return now < Date.parse(since) + MILLISECONDS;
}
