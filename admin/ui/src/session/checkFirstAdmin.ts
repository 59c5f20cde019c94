/** The rules for the first admin's fields, as far as the page can know them; the server decides. */
import type { FirstAdmin } from './useSession';

export const MIN_PASSWORD_LENGTH = 12; // characters

/** One message a field that cannot be sent as it is; empty when all can. */
export function checkFirstAdmin(admin: FirstAdmin): Partial<Record<keyof FirstAdmin, string>> {
  const errors: Partial<Record<keyof FirstAdmin, string>> = {};
  if (!admin.token.trim()) errors.token = 'Paste the set-up token the server printed.';
  if (!admin.name.trim()) errors.name = 'Tell us your name.';
  if (!/^\S+@\S+$/.test(admin.email.trim())) errors.email = 'Enter an e-mail address, such as ada@example.com.';
  // Counted as the server counts: characters, not UTF-16 units.
  if ([...admin.password].length < MIN_PASSWORD_LENGTH) {
    errors.password = `Use at least ${MIN_PASSWORD_LENGTH} characters.`;
  }
  return errors;
}
