/**
 * The shapes the pages speak of, all derived from the API's paths, so that a renamed component schema changes nothing here.
 * No other module imports schema.d.ts, except the client: a room names its own shapes by `Answer` and `Sent`.
 */
import type { paths } from './schema';

/** What reading a path answers. */
export type Answer<P extends keyof paths> = paths[P] extends {
  get: { responses: { 200: { content: { 'application/json': infer T } } } };
}
  ? T
  : never;

/** The body that is sent to a path. */
export type Sent<P extends keyof paths, M extends 'post' | 'put' | 'patch'> = paths[P] extends {
  [K in M]: { requestBody: { content: { 'application/json': infer T } } };
}
  ? T
  : never;

/** What a command at a path answers. */
export type Done<P extends keyof paths, M extends 'post' | 'put' | 'patch', S extends 200 | 201 | 202 = 200> = paths[P] extends {
  [K in M]: { responses: { [K in S]: { content: { 'application/json': infer T } } } };
}
  ? T
  : never;

type Query<P extends keyof paths> = paths[P] extends { get: { parameters: { query?: infer Q } } } ? NonNullable<Q> : never;

export type Session = Answer<'/api/v1/session'>;
export type User = Session['user'];
/** What a role or a token can hold. */
export type Permission = User['permissions'][number];

export type LeadPage = Answer<'/api/v1/leads'>;
export type LeadRow = LeadPage['items'][number];
export type LeadFilter = Pick<Query<'/api/v1/leads'>, 'q' | 'band' | 'segment'>;
export type Band = NonNullable<LeadRow['band']>;
export type Consent = LeadRow['consents'][number];

export type Lead = Answer<'/api/v1/leads/{id}'>;
export type ScoreReason = Lead['reasons'][number];
export type ConsentEvent = Lead['consent_events'][number];
export type Conversation = Lead['conversations'][number];
export type TranscriptMessage = Lead['transcript'][number];
export type TimelineEvent = Lead['timeline'][number];

export type FollowUpPage = Answer<'/api/v1/follow-ups'>;
export type FollowUp = FollowUpPage['items'][number];
export type FollowUpState = FollowUp['state'];
