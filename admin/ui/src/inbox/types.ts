/** The shapes of the inbox, derived from the API's paths. */
import type { Answer } from '../api/types';

export const VIEWS = ['waiting', 'mine', 'people', 'bot', 'closed'] as const;
export type View = (typeof VIEWS)[number];

export type TalkRow = Answer<'/api/v1/conversations'>['items'][number];
export type Talk = Answer<'/api/v1/conversations/{id}'>;
export type InboxMessage = Answer<'/api/v1/conversations/{id}/messages'>['items'][number];
export type FilledReply = Answer<'/api/v1/conversations/{id}/canned-replies'>['items'][number];
export type CannedReply = Answer<'/api/v1/canned-replies'>['items'][number];
export type Team = Answer<'/api/v1/inbox/teams'>['items'][number];
export type Rule = Answer<'/api/v1/inbox/rules'>['items'][number];
export type Figures = Answer<'/api/v1/inbox/figures'>['total'];

export function isView(text: string | null): text is View {
  return VIEWS.some((view) => view === text);
}
