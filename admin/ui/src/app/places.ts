/** The places of the navigation, in their groups. A place stands here once its page does. */
import {
  IconBuilding, IconBulb, IconChartBar, IconChecklist, IconFileImport, IconFilter, IconGauge, IconMessages, IconRoute, IconSend, IconSettings, IconShieldCheck, IconSitemap, IconUsers,
  IconUsersGroup, type Icon,
} from '@tabler/icons-react';
import type { Permission } from '../api/types';
import type { Areas } from '../i18n/areas';

/** `name` is a key of the catalogue `shell`. `needs` is the permission without which the place is not shown. */
export interface Place {
  to: string;
  name: Extract<keyof Areas['shell'], `place_${string}`>;
  Icon: Icon;
  needs: Permission;
}

export interface PlaceGroup {
  name: Extract<keyof Areas['shell'], `group_${string}`>;
  places: readonly Place[];
}

export const PLACE_GROUPS: readonly PlaceGroup[] = [
  {
    name: 'group_talk',
    places: [
      { to: '/inbox', name: 'place_inbox', Icon: IconMessages, needs: 'conversations.read' },
      { to: '/tasks', name: 'place_tasks', Icon: IconChecklist, needs: 'contacts.read' },
    ],
  },
  {
    name: 'group_people',
    places: [
      { to: '/leads', name: 'place_leads', Icon: IconUsers, needs: 'contacts.read' },
      { to: '/companies', name: 'place_companies', Icon: IconBuilding, needs: 'contacts.read' },
      { to: '/segments', name: 'place_segments', Icon: IconFilter, needs: 'segments.read' },
      { to: '/merges', name: 'place_merges', Icon: IconUsersGroup, needs: 'contacts.read' },
      { to: '/imports', name: 'place_imports', Icon: IconFileImport, needs: 'imports.read' },
    ],
  },
  {
    name: 'group_automation',
    places: [
      { to: '/flows', name: 'place_flows', Icon: IconSitemap, needs: 'flows.read' },
      { to: '/journeys', name: 'place_journeys', Icon: IconRoute, needs: 'journeys.read' },
      { to: '/follow-ups', name: 'place_follow_ups', Icon: IconSend, needs: 'journeys.read' },
    ],
  },
  {
    name: 'group_steer',
    places: [
      { to: '/knowledge', name: 'place_knowledge', Icon: IconBulb, needs: 'knowledge.read' },
      { to: '/scores', name: 'place_scores', Icon: IconGauge, needs: 'scores.read' },
      { to: '/numbers', name: 'place_numbers', Icon: IconChartBar, needs: 'numbers.read' },
      { to: '/privacy', name: 'place_privacy', Icon: IconShieldCheck, needs: 'privacy.read' },
      { to: '/settings', name: 'place_settings', Icon: IconSettings, needs: 'settings.read' },
    ],
  },
];
