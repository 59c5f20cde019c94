/** The rules for the first admin's fields, as far as the page can know them; the server decides. */
import type { Areas } from '../i18n/areas';
import type { FirstAdmin } from './useSession';

export const MIN_PASSWORD_LENGTH = 12; // characters

/** Counted as the server counts: characters, not UTF-16 units. */
export function isTooShort(password: string): boolean {
  return [...password].length < MIN_PASSWORD_LENGTH;
}

type Wrong = Extract<keyof Areas['session'], `wrong_${string}`>;

/** One message a field that cannot be sent as it is, as a key of the catalogue `session`; empty when all can. */
export function checkFirstAdmin(admin: FirstAdmin): Partial<Record<keyof FirstAdmin, Wrong>> {
  const errors: Partial<Record<keyof FirstAdmin, Wrong>> = {};
  if (!admin.token.trim()) errors.token = 'wrong_token';
  if (!admin.name.trim()) errors.name = 'wrong_name';
  if (!/^\S+@\S+$/.test(admin.email.trim())) errors.email = 'wrong_email';
  if (isTooShort(admin.password)) errors.password = 'wrong_password';
  return errors;
}
