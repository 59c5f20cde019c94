/** What can be set, each on a page of its own. A place stands here once its page does. */
import { IconBroadcast, IconCalendarEvent, IconForms, IconHistory, IconKey, IconPlugConnected, IconShieldLock, IconUserCircle, IconUsersGroup, IconWebhook, type Icon } from '@tabler/icons-react';
import type { Permission } from '../api/types';
import type { Areas } from '../i18n/areas';

/** `name` is a key of the catalogue `settings`, with `about_` before it for what stands below. */
export interface SettingsPlace {
  to: string;
  name: Extract<keyof Areas['settings'], `place_${string}`>;
  about: Extract<keyof Areas['settings'], `about_${string}`>;
  Icon: Icon;
  /** The permission without which the place is not shown; null: everybody has it. */
  needs: Permission | null;
}

export const SETTINGS_PLACES: readonly SettingsPlace[] = [
  { to: '/settings/account', name: 'place_account', about: 'about_account', Icon: IconUserCircle, needs: null },
  { to: '/settings/team', name: 'place_team', about: 'about_team', Icon: IconUsersGroup, needs: 'users.read' },
  { to: '/settings/roles', name: 'place_roles', about: 'about_roles', Icon: IconShieldLock, needs: 'users.read' },
  { to: '/settings/tokens', name: 'place_tokens', about: 'about_tokens', Icon: IconKey, needs: null },
  { to: '/settings/audit', name: 'place_audit', about: 'about_audit', Icon: IconHistory, needs: 'audit.read' },
  { to: '/settings/channels', name: 'place_channels', about: 'about_channels', Icon: IconPlugConnected, needs: 'channels.read' },
  { to: '/settings/webhooks', name: 'place_webhooks', about: 'about_webhooks', Icon: IconWebhook, needs: 'settings.read' },
  { to: '/settings/event-sources', name: 'place_event_sources', about: 'about_event_sources', Icon: IconBroadcast, needs: 'events.read' },
  { to: '/settings/calendars', name: 'place_calendars', about: 'about_calendars', Icon: IconCalendarEvent, needs: 'meetings.read' },
  { to: '/settings/fields', name: 'place_fields', about: 'about_fields', Icon: IconForms, needs: 'settings.read' },
];
