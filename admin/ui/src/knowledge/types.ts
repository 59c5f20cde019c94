/** The shapes of what is not understood and of what mends it, from the API. */
import type { Answer, Sent } from '../api/types';

export type GapGroup = Answer<'/api/v1/understanding/groups'>['items'][number];
export type Gap = Answer<'/api/v1/understanding/groups/{id}/gaps'>['items'][number];
export type ProposalRow = Answer<'/api/v1/understanding/proposals'>['items'][number];
export type Proposal = Answer<'/api/v1/understanding/proposals/{id}'>;
export type Wish = Sent<'/api/v1/understanding/proposals', 'post'>;
export type Live = Answer<'/api/v1/understanding/contents'>;
export type IntentEffect = Extract<NonNullable<Proposal['effect']>, { kind: 'intent' }>;
export type ArticleEffect = Extract<NonNullable<Proposal['effect']>, { kind: 'article' }>;
