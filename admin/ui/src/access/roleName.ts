/** Roles in words: the shipped ones are translated, a site's own are called as they were named. */
import type { useWords } from '../i18n/useWords';

const SHIPPED = ['owner', 'marketer', 'agent', 'analyst', 'privacy_officer'] as const;

export function roleName(t: ReturnType<typeof useWords<'access'>>, role: string): string {
  const shipped = SHIPPED.find((name) => name === role);
  return shipped ? t(`role_${shipped}`) : role;
}

