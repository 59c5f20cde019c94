/** The states of a follow-up in words, in the order of its life. Pure. */
import {
  IconAlertTriangle, IconBan, IconCheck, IconChecks, IconClock, IconHelp, IconHourglass, IconSend, IconX, type Icon,
} from '@tabler/icons-react';
import type { FollowUpState } from '../api/types';
import type { Tone } from '../look/Tag';
import { plainWords } from '../look/words';

interface StateLook {
  name: string;
  tone: Tone;
  icon: Icon;
  /** What the state means, in one sentence. */
  meaning: string;
}

/** Our own chat needs no provider: what is accepted there stands in the conversation. */
export function meaningOf(state: string, channel: string | null): string {
  if (channel === 'web' && state === 'accepted') return 'Stands in the conversation: seen at once, or when they come back.';
  return stateLook(state).meaning;
}

export const STATES: Record<FollowUpState, StateLook> = {
  planned: { name: 'Planned', tone: 'cold', icon: IconClock, meaning: 'Checked for consent, quiet hours and limits when it is due.' },
  deferred: { name: 'Waiting', tone: 'warm', icon: IconHourglass, meaning: 'May not go out now; tried again later.' },
  sending: { name: 'Sending', tone: 'cold', icon: IconSend, meaning: 'On its way to the provider.' },
  accepted: { name: 'Sent', tone: 'good', icon: IconCheck, meaning: 'Taken by the provider; no word of delivery yet.' },
  delivered: { name: 'Delivered', tone: 'good', icon: IconChecks, meaning: 'The provider says it has arrived.' },
  failed: { name: 'Failed', tone: 'bad', icon: IconAlertTriangle, meaning: 'The provider refused it for good.' },
  unknown: { name: 'Unclear', tone: 'warm', icon: IconHelp, meaning: 'It may have gone out; not sent twice to be safe.' },
  skipped: { name: 'Not sent', tone: 'plain', icon: IconBan, meaning: 'Was due but was not allowed.' },
  cancelled: { name: 'Cancelled', tone: 'plain', icon: IconX, meaning: 'No longer needed.' },
};

/** How a state looks; one that is newer than these pages gets its plain name. */
export function stateLook(state: string): StateLook {
  const known: Record<string, StateLook> = STATES;
  return known[state] ?? { name: plainWords(state), tone: 'plain', icon: IconHelp, meaning: '' };
}

export function isFollowUpState(value: string | null): value is FollowUpState {
  return value !== null && Object.hasOwn(STATES, value);
}
