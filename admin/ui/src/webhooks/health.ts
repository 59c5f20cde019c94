/** How a webhook or a delivery does, as it is shown. Pure. */
import { IconAlertTriangle, IconBan, IconCheck, IconClock, IconEraser, IconSend, type Icon } from '@tabler/icons-react';
import type { Tone } from '../look/Tag';
import type { State, WebhookLine } from './types';

export type Health = 'off' | 'failing' | 'works' | 'untried';

/** Off comes before all else; one whose last attempts failed is failing, however it did before. */
export function healthOf({ enabled, failing_since: failing, last_at: last }: Pick<WebhookLine, 'enabled' | 'failing_since' | 'last_at'>): Health {
  if (!enabled) return 'off';
  if (failing !== null) return 'failing';
  return last === null ? 'untried' : 'works';
}

interface Look {
  tone: Tone;
  icon: Icon;
}

export const HEALTH_LOOKS: Record<Health, Look> = {
  off: { tone: 'plain', icon: IconBan },
  failing: { tone: 'bad', icon: IconAlertTriangle },
  works: { tone: 'good', icon: IconCheck },
  untried: { tone: 'cold', icon: IconClock },
};

export const STATE_LOOKS: Record<State, Look> = {
  waiting: { tone: 'warm', icon: IconClock },
  sending: { tone: 'cold', icon: IconSend },
  delivered: { tone: 'good', icon: IconCheck },
  failed: { tone: 'bad', icon: IconAlertTriangle },
  void: { tone: 'plain', icon: IconEraser },
};
