/** What can be set, each on a page of its own. A place stands here once its page does. */
import { IconForms, type Icon } from '@tabler/icons-react';
import type { Areas } from '../i18n/areas';

/** `name` is a key of the catalogue `settings`, with `about_` before it for what stands below. */
export interface SettingsPlace {
  to: string;
  name: Extract<keyof Areas['settings'], `place_${string}`>;
  about: Extract<keyof Areas['settings'], `about_${string}`>;
  Icon: Icon;
  needs: string;
}

export const SETTINGS_PLACES: readonly SettingsPlace[] = [
  { to: '/settings/fields', name: 'place_fields', about: 'about_fields', Icon: IconForms, needs: 'settings.read' },
];
