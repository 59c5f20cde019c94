/** The states of a follow-up in words, in the order of its life. The words are in the catalogue `follow_ups`. */
import {
  IconAlertTriangle, IconBan, IconCheck, IconChecks, IconClock, IconEye, IconHelp, IconHourglass, IconSend, IconX, type Icon,
} from '@tabler/icons-react';
import type { FollowUpState } from '../api/types';
import { findWords } from '../i18n/said';
import type { Tone } from '../look/Tag';
import { plainWords } from '../look/words';

interface StateLook {
  tone: Tone;
  icon: Icon;
}

export const STATES: Record<FollowUpState, StateLook> = {
  planned: { tone: 'cold', icon: IconClock },
  deferred: { tone: 'warm', icon: IconHourglass },
  sending: { tone: 'cold', icon: IconSend },
  accepted: { tone: 'good', icon: IconCheck },
  delivered: { tone: 'good', icon: IconChecks },
  read: { tone: 'good', icon: IconEye },
  undelivered: { tone: 'bad', icon: IconAlertTriangle },
  failed: { tone: 'bad', icon: IconAlertTriangle },
  unknown: { tone: 'warm', icon: IconHelp },
  skipped: { tone: 'plain', icon: IconBan },
  cancelled: { tone: 'plain', icon: IconX },
};

/** How a state looks, also one that is newer than these pages. */
export function stateLook(state: string): StateLook {
  return isFollowUpState(state) ? STATES[state] : { tone: 'plain', icon: IconHelp };
}

/** A state's name; one that is newer than these pages gets its plain name. */
export function stateName(state: string): string {
  return findWords('follow_ups', `state_${state}`) ?? plainWords(state);
}

/** What the state means, in one sentence. Our own chat needs no provider: what is accepted there stands in the conversation. */
export function meaningOf(state: string, channel: string | null): string {
  const key = channel === 'web' && state === 'accepted' ? 'means_accepted_web' : `means_${state}`;
  return findWords('follow_ups', key) ?? '';
}

export function isFollowUpState(value: string | null): value is FollowUpState {
  return value !== null && Object.hasOwn(STATES, value);
}
